"""JSON with exact numbers, read strictly and written the same way every time."""

import json
import time
from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from common.api.exact_json import ExactDecoder, ExactEncoder, WrongJson, dumps, loads_strict, pretty

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e30"), max_value=Decimal("1e30"))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(NUMBERS)
def test_a_number_comes_back_digit_by_digit(number: Decimal) -> None:
    assert str(json.loads(dumps(number), parse_float=str, parse_int=str)) == str(number)


@given(VALUES)
def test_what_is_stored_comes_back_as_it_was(value: object) -> None:
    assert json.loads(json.dumps(value, cls=ExactEncoder), cls=ExactDecoder) == value


@given(VALUES)
def test_the_same_value_gives_the_same_text(value: object) -> None:
    assert dumps(json.loads(dumps(value), parse_float=Decimal)) == dumps(value)


@given(VALUES)
def test_another_writer_writes_the_same(value: object) -> None:
    assert dumps(value) == simplejson.dumps(value, use_decimal=True, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, {"a": ["\ud800"]}, {"b": ["\udfff"]}])
def test_what_the_fast_one_refuses_is_written_too(value: object) -> None:
    with pytest.raises(TypeError):
        orjson.dumps(value)
    assert json.loads(dumps(value)) == value


class Answer(BaseModel):
    """A typed one."""

    price: Decimal
    units: int


@pytest.mark.parametrize("units", [5, 2**64, -(2**63) - 1])
def test_a_typed_answer_is_written_as_its_fields(units: int) -> None:
    answer = Answer(price=Decimal("4.90"), units=units)
    assert dumps([answer]) == f'[{{"price":4.90,"units":{units}}}]'
    assert dumps((answer, 1)) == f'[{{"price":4.90,"units":{units}}},1]'


def test_for_people_it_stands_in_lines() -> None:
    assert pretty({"price": Decimal("4.90"), "of": [2**64]}) == (
        '{\n  "price": 4.90,\n  "of": [\n    18446744073709551616\n  ]\n}'
    )


@pytest.mark.parametrize("value", [datetime.now(UTC), {1}, object(), Decimal])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        dumps(value)


def test_a_price_keeps_its_zeros() -> None:
    assert dumps({"amount": Decimal("49.00")}) == '{"amount":49.00}'


def test_a_fraction_is_never_a_float() -> None:
    assert loads_strict("0.1") + loads_strict("0.2") == Decimal("0.3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NaN", "NaN is not JSON"),
        ("[Infinity]", "Infinity is not JSON"),
        ('{"a":1,"a":1}', "'a' stands twice"),
        ('{"b":1,"a":1,"a":1}', "'a' stands twice"),
        ("[" * 21 + "]" * 21, "nested more than 20"),
        ("1" * 61, "60 characters"),
        ("1e401", "exponent"),
        ("1e-401", "exponent"),
        ("0e401", "exponent"),
        ("0e-401", "exponent"),
        ("-0e-20000", "exponent"),  # PostgreSQL would write its zeros out, or refuse it
        ("1e99999999999999999999", "exponent"),
        ("", "line 1"),
        ("{'a': 1}", "column 2"),
    ],
)
def test_what_is_refused_is_said(text: str, expected: str) -> None:
    with pytest.raises(WrongJson, match=expected):
        loads_strict(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"amount": %s}' % ("1" * 61), "amount: A number has more than 60 characters"),
        ('{"metadata": {"size": 1e401}}', "metadata.size: A number's exponent is beyond ±400"),
        ('{"list": [1, {"a": [0, NaN]}]}', "list.1.a.1: NaN is not JSON"),
        ('{"metadata": {"a": 1, "a": 2}}', "metadata: The name 'a' stands twice"),
        ('{"a": NaN, "b": 1e401}', "a: NaN"),  # the first of them
        ('{"\\ud800\\n": NaN}', "\\ud800\N{REPLACEMENT CHARACTER}: NaN"),  # any name can be repeated in an answer
        ('{"%s": NaN}' % ("n" * 200), f"{'n' * 80}: NaN"),
        ('{"a": NaN, "a": 1}', "The name 'a' stands twice"),
        ('{"a": NaN, oh', "NaN is not JSON"),  # nothing leads to what cannot be read
        ("[" * 21 + "]" * 21, "The JSON is nested more than 20 levels deep at character 21"),
    ],
)
def test_the_place_of_what_is_refused_is_said(text: str, expected: str) -> None:
    with pytest.raises(WrongJson) as refused:
        loads_strict(text)
    assert str(refused.value).startswith(expected)


def test_what_stands_twice_among_thousands_is_found_in_one_pass() -> None:
    names = [f'"{number}":0' for number in range(16_000)]
    few, many = (process_seconds(f'{{{",".join(names[:size])},"{size - 1}":1}}') for size in (2_000, 16_000))
    assert many < few * 30 + 0.02  # eight times the names; pair by pair it would be 64 times as long


def process_seconds(text: str) -> float:
    """The quickest of three refusals, in cpu time."""
    times = []
    for _ in range(3):
        began = time.process_time()
        with pytest.raises(WrongJson, match="stands twice"):
            loads_strict(text)
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize(
    "text", ["[" * 20 + "]" * 20, '{"a":"' + "[" * 500 + '"}', '["\\"[[[[[[[[[[[[[[[[[[[[["]', "1e400"]
)
def test_what_only_looks_too_much_is_taken(text: str) -> None:
    assert loads_strict(text) == json.loads(text, parse_float=Decimal)


@pytest.mark.parametrize("text", ["1" * 60, "0." + "1" * 58])
def test_numbers_are_taken_up_to_sixty_characters(text: str) -> None:
    assert loads_strict(f'{{"amount": {text}}}') == {"amount": Decimal(text)}


@pytest.mark.parametrize("text", ["1" * 61, "0." + "1" * 59])
def test_longer_numbers_are_refused(text: str) -> None:
    with pytest.raises(WrongJson, match="more than 60 characters"):
        loads_strict(f'{{"amount": {text}}}')
