"""The short way of ordinary values says the same as the long one, which any other rule on a field forces."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.validators import EmailValidator
from hypothesis import example, given
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from common.strict_serializers import EmailField, HttpUrlField, TextField, WordField

MAKERS: list[Callable[[], serializers.Field[Any, Any, Any, Any]]] = [
    lambda: TextField(max_length=20),
    lambda: EmailField(max_length=40),
    lambda: HttpUrlField(max_length=40),
    lambda: WordField(choices=["USD", "EUR"]),
]
ANYTHING = (
    st.text(max_size=50)
    | st.text("ab.@-_ \0\x7f\ud800é:/", max_size=50)
    | st.emails()
    | st.sampled_from(["USD", "EUR ", "https://shop.example/a", "http://x", " https://a.example "])
    | st.none() | st.booleans() | st.integers()
)  # fmt: skip


def outcome(field: serializers.Field[Any, Any, Any, Any], value: object) -> object:
    """What the field makes of it, or the codes of its faults."""
    try:
        return field.run_validation(value)
    except ValidationError as error:
        return error.get_codes()


@pytest.mark.parametrize("make", MAKERS)
@given(value=ANYTHING)
@example(value="")
@example(value="a" * 21)
@example(value="a\0")
@example(value="a@b.example")
@example(value="a@-b.example")
def test_both_ways_say_the_same(make: Callable[[], serializers.Field[Any, Any, Any, Any]], value: object) -> None:
    long_way = make()
    long_way.validators = [*long_way.validators, lambda _value: None]
    assert outcome(make(), value) == outcome(long_way, value)


@given(st.from_regex(EmailField.plain, fullmatch=True).filter(lambda text: len(text) <= 254))
def test_a_plain_address_is_one_to_everybody(address: str) -> None:
    EmailValidator()(address)
