"""What a body's class takes, and in which words it says what is wrong: all faults at once, each by its field."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import pytest
from django.http import QueryDict
from pydantic import Field
from rest_framework.exceptions import ValidationError

from common.api.amounts import Amount
from common.api.faults import NotAnObject
from common.api.texts import EmailIfAny
from common.api.types import Body, HttpUrl, LeftOut, Moment, Pattern, Query, Text, WholeNumber, YesNo


class Colour(StrEnum):
    """Two words."""

    RED = "red"
    BLUE = "blue"


class Order(Body):
    """One field of each kind."""

    amount: Amount
    shop_url: HttpUrl
    email: EmailIfAny
    name: Annotated[str, Text(8)]
    is_gift: LeftOut[YesNo] = None
    ends_at: LeftOut[Moment] = None
    colour: LeftOut[Colour] = None
    stock: Annotated[WholeNumber, Field(ge=1, le=10)] | None = None
    code: LeftOut[Annotated[str, Text(4), Pattern(r"^[a-z]+$", "Send small letters.")]] = None
    tags: LeftOut[Annotated[list[Annotated[str, Text(3)]], Field(max_length=2)]] = None
    headers: LeftOut[dict[str, Annotated[str, Text(5)]]] = None


class Page(Query):
    """A page of something."""

    limit: int = Field(20, ge=1, le=100)


GOOD: dict[str, Any] = {
    "amount": Decimal("4.90e1"), "shopUrl": "http://shop:3000/a", "email": "pat@example.com", "name": " Pat ",
}  # fmt: skip


def faults(body: object) -> dict[str, Any]:
    """Field → its code and sentence, or those of its elements."""
    with pytest.raises(ValidationError) as refused:
        Order.parse(body)
    return {name: told(detail) for name, detail in dict(refused.value.detail).items()}  # type: ignore[call-overload]


def told(detail: Any) -> Any:
    if isinstance(detail, dict):
        return {name: told(inner) for name, inner in detail.items()}
    (only,) = detail
    return only.code, str(only)


def test_what_is_right_is_taken_trimmed_and_exact() -> None:
    order = Order.parse(GOOD | {"endsAt": "2030-01-31T13:00:00+01:00", "colour": "red", "tags": ["a"]})
    assert (order.amount, order.name, order.colour) == (Decimal(49), "Pat", Colour.RED)
    assert order.ends_at == datetime(2030, 1, 31, 12, tzinfo=UTC)
    assert str(Order.parse(GOOD | {"amount": Decimal("0.1")}).amount) == "0.1"


def test_a_text_is_counted_as_it_was_sent() -> None:
    assert Order.parse(GOOD | {"name": " Pat    "}).name == "Pat"
    assert faults(GOOD | {"name": "Pat      "})["name"][0] == "max_length"
    assert faults(GOOD | {"name": "   "})["name"][0] == "blank"


@pytest.mark.parametrize("port", ["", ":1", ":443", ":65535"])
def test_a_url_may_name_any_port_there_is(port: str) -> None:
    url = f"https://shop.example{port}/thanks"
    assert Order.parse(GOOD | {"shopUrl": url}).shop_url == url


def test_what_was_left_out_is_not_among_what_was_given() -> None:
    assert Order.parse(GOOD).given() == {
        "amount": Decimal(49), "shop_url": "http://shop:3000/a", "email": "pat@example.com", "name": "Pat",
    }  # fmt: skip
    assert Order.parse(GOOD | {"stock": None}).given()["stock"] is None
    assert Order.parse(GOOD | {"isGift": None, "colour": None, "endsAt": None}).given() == Order.parse(GOOD).given()


REQUIRED, NULL = ("required", "This field is required."), ("null", "This field may not be null.")
NOT_TEXT, BLANK = ("invalid", "Send text, in quotes."), ("blank", "This field may not be blank.")
NUMBER = ("invalid", 'Send a number, such as 49.90, or its digits as text: "49.90".')
SIXTEEN = "At most 16 digits before the decimal point."
TIME = ("invalid", "Send a time with its offset, such as 2030-01-31T12:00:00Z.")


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("amount", None, NULL),
        ("amount", "49,00", NUMBER),
        ("amount", "4.9e1", NUMBER),
        ("amount", "", NUMBER),
        ("amount", True, NUMBER),
        ("amount", 0, ("too_small", "Must be above zero.")),
        ("amount", 10**17, ("max_whole_digits", SIXTEEN)),
        ("amount", Decimal("1e30"), ("max_whole_digits", SIXTEEN)),
        ("shopUrl", "ftp://a.example", ("wrong_scheme", "The URL must begin with https:// (or http://).")),
        ("shopUrl", "https://", ("not_a_url", "Send an absolute URL, such as https://shop.example/thanks.")),
        ("shopUrl", "https://a.example:0", ("not_a_url", "Send an absolute URL, such as https://shop.example/thanks.")),
        ("shopUrl", "https://a.example:65536", (
            "not_a_url", "Send an absolute URL, such as https://shop.example/thanks.")),
        ("shopUrl", "https://a:b@c.example", ("credentials", "The URL must not contain a user name or password.")),
        ("shopUrl", 5, NOT_TEXT),
        ("email", "pat", ("invalid", "Send an e-mail address, such as pat@example.com.")),
        ("email", "pat@" + "ä" * 60 + ".com", ("invalid", "Send an e-mail address, such as pat@example.com.")),
        ("email", "ä" * 200 + "@example.com", ("invalid", "Send an e-mail address, such as pat@example.com.")),
        ("name", None, NULL),
        ("name", 5, NOT_TEXT),
        ("name", " ", BLANK),
        ("name", "x" * 9, ("max_length", "Ensure this field has no more than 8 characters.")),
        ("name", "a\0", ("null_characters_not_allowed", "Null characters are not allowed.")),
        ("name", "a\ud800", ("surrogate_characters_not_allowed", "Surrogate characters are not allowed: U+D800.")),
        ("isGift", "true", ("invalid", "Send true or false, without quotes.")),
        ("endsAt", "tomorrow", TIME),
        ("endsAt", "2030-01-31T12:00:00", TIME),
        ("endsAt", "0001-01-01T00:00:00+10:00", ("overflow", "Datetime value out of range.")),
        ("endsAt", 1_900_000_000, TIME),
        ("colour", "green", ("invalid_choice", "Must be one of: red, blue.")),
        ("colour", {}, ("invalid_choice", "Must be one of: red, blue.")),
        ("stock", "1", ("invalid", "Send a whole number, without quotes.")),
        ("stock", True, ("invalid", "Send a whole number, without quotes.")),
        ("stock", 0, ("min_value", "Ensure this value is greater than or equal to 1.")),
        ("stock", 10**50, ("max_value", "Ensure this value is less than or equal to 10.")),
        ("code", "ABC", ("invalid", "Send small letters.")),
        ("code", "abc\n!", ("max_length", "Ensure this field has no more than 4 characters.")),
        ("tags", "ab", ("not_a_list", 'Expected a list of items but got type "str".')),
        ("tags", ["a"] * 3, ("max_length", "At most 2 elements; this has 3.")),
        ("tags", ["a", 5], {1: NOT_TEXT}),
        ("tags", [None], {0: NULL}),
        ("headers", [], ("not_a_dict", 'Send an object of text: {"X-Token": "…"}.')),
        ("headers", {"X-Token": 5}, {"X-Token": NOT_TEXT}),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_by_its_field(field: str, wrong: object, said: object) -> None:
    assert faults(GOOD | {field: wrong}) == {field: said}


def test_all_faults_are_told_at_once_with_what_is_unknown() -> None:
    unknown = (
        "unknown_field",
        "This field is not known here. Known are: amount, shopUrl, email, name, isGift, endsAt, colour, stock, code, "
        "tags, headers.",
    )
    wrong = {"amount": "1 €", "shopUrl": "https://a.example", "email": None, "shop_url": "x", "amout": 1}
    assert faults(wrong) == {"amount": NUMBER, "email": NULL, "name": REQUIRED, "shop_url": unknown, "amout": unknown}


def test_of_hundreds_of_unknown_names_twenty_are_told() -> None:
    assert len(faults(GOOD | {f"n{number}": 1 for number in range(500)})) == 20


def test_a_name_with_half_a_character_is_unknown_and_told_printably() -> None:
    assert [(name, said[0]) for name, said in faults(GOOD | {"\ud800\x1b": 1}).items()] == [
        ("\\ud800\N{REPLACEMENT CHARACTER}", "unknown_field")
    ]


@pytest.mark.parametrize("body", [[], "x", 5, None, True])
def test_a_body_that_is_no_object_is_told_so(body: object) -> None:
    with pytest.raises(NotAnObject, match=r"^Send a JSON object: \{…\}\.$") as refused:
        Order.parse(body)
    assert refused.value.get_codes() == "not_an_object"


@pytest.mark.parametrize(
    ("query", "code"),
    [("limit=x", "invalid"), ("limit=1.5", "invalid"), ("limit=0", "min_value"), ("limit=101", "max_value"),
     ("limit=1&limit=1", "repeated"), ("colour=red", "unknown_field"), ("limit=" + "9" * 5000, "invalid")],
)  # fmt: skip
def test_a_querys_text_is_read_as_numbers(query: str, code: str) -> None:
    assert Page.parse_query(QueryDict("limit=7")).limit == 7
    assert Page.parse_query(QueryDict("")).limit == 20
    with pytest.raises(ValidationError) as refused:
        Page.parse_query(QueryDict(query))
    assert [error.code for detail in dict(refused.value.detail).values() for error in detail] == [code]  # type: ignore[call-overload]
