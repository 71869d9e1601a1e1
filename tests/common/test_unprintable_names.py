"""Names of fields that were made up to upset a log or a terminal are told back harmlessly."""

import pytest

from tests.cast import Api, terms


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pri\x07ce", "pri\ufffdce"),
        ("pri\x1b[31mce", "pri\ufffd[31mce"),
        ("\u202eecirp", "\ufffdecirp"),
        ("a\nb\tc", "a\ufffdb\ufffdc"),
        ("a" * 81, "a" * 80),
        ("", '""'),
        ("größe", "größe"),
    ],
)
def test_an_unknown_field_is_named_without_what_cannot_be_printed(api: Api, name: str, expected: str) -> None:
    answer = api.post("checkout", terms() | {name: 1})
    assert answer.status_code == 400
    assert [(error["attr"], error["code"]) for error in answer.answer["errors"]] == [(expected, "unknown_field")]


def test_a_parameter_that_is_sent_twice_is_named_so_too(api: Api) -> None:
    answer = api.get("checkout?sta%07tus=open&sta%07tus=open")
    assert answer.status_code == 400
    assert ("sta\ufffdtus", "repeated") in [(error["attr"], error["code"]) for error in answer.answer["errors"]]
