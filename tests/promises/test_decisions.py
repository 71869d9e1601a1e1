"""Which decisions answer which issue, the one that the queue suggests first: as docs and dashboard promise it."""

import pytest

from sessions_app.paying.decisions import ANSWERS

PROMISED = {
    "underpaid": ["ask_rest", "accept", "refunded", "write_off"],
    "late": ["ask_rest", "accept", "refunded", "write_off"],
    "overpaid": ["refunded", "accept", "write_off"],
    "paid_twice": ["refunded", "accept", "write_off"],
    "wrong_asset": ["accept", "refunded", "write_off"],
    "reversed": ["write_off", "accept"],
}


@pytest.mark.parametrize("issue", PROMISED)
def test_an_issue_is_answered_by(issue: str) -> None:
    found = {str(key.value): [str(kind.value) for kind in kinds] for key, kinds in ANSWERS.items()}
    assert found[issue] == PROMISED[issue]


def test_no_issue_is_without_an_answer_and_none_is_unknown() -> None:
    assert sorted(str(issue.value) for issue in ANSWERS) == sorted(PROMISED)
