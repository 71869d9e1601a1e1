"""Amounts as people type them: point or comma, with and without thousands; what could be two amounts is asked about."""

from decimal import Decimal

import pytest

from sessions_app.pay.typed_amount import UnclearAmount, typed_amount

CLEAR = [
    ("7.50", "7.50"), ("7,50", "7.50"), ("7", "7"), (" 7.5 ", "7.5"), (".5", "0.5"), (",50", "0.50"), ("0,500", "0.5"),
    ("1234.5", "1234.5"), ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("1 234,50", "1234.50"),
    ("1\u202f234,50", "1234.50"), ("1'234.50", "1234.50"), ("1’234.50", "1234.50"), ("1 500", "1500"),
    ("1.234.567", "1234567"), ("1,234,567.8", "1234567.8"), ("1500.00", "1500"), ("5 USD", "5"), ("usd5", "5"),
    ("5" * 40, "5" * 40), ("5" * 37 + ".50", "5" * 37 + ".5"),
    ("٧٫٥", "7.5"), ("١٬٢٣٤٫٥٠", "1234.50"), ("７．５", "7.5"), ("007", "7"), ("1500.000", "1500"),
]  # fmt: skip
NONE = ["", "   ", "ten", "-5", "+5", "1e3", "5 EUR", "$5", "0x5", "½", "5.", "1..5", "NaN", "1/2", "5" * 60 + "x"]
IN_TWO_WAYS = [("1.500", "1500", "1.50"), ("1,500", "1500", "1.50"), ("12.345", "12345", "12.34")]
WRONGLY_GROUPED = ["1,50.00", "1.23.456", "1 5", "12 34.50", "1,234.5,6", "1.500 000", "1234,567.00", "1'50"]


@pytest.mark.parametrize("decimal_mark", [".", ","])
@pytest.mark.parametrize(("typed", "amount"), CLEAR)
def test_what_is_clear_is_the_same_in_every_language(typed: str, amount: str, decimal_mark: str) -> None:
    assert typed_amount(typed, currency="USD", decimal_mark=decimal_mark) == Decimal(amount)


@pytest.mark.parametrize("typed", NONE)
def test_what_is_no_amount_gets_an_example(typed: str) -> None:
    with pytest.raises(UnclearAmount, match=r"Type an amount in digits, such as 1\.5"):
        typed_amount(typed, currency="USD", decimal_mark=".")


@pytest.mark.parametrize("decimal_mark", [".", ","])
@pytest.mark.parametrize(("typed", "thousands", "fraction"), IN_TWO_WAYS)
def test_what_could_be_two_amounts_is_asked_about(typed: str, thousands: str, fraction: str, decimal_mark: str) -> None:
    with pytest.raises(UnclearAmount) as unclear:
        typed_amount(typed, currency="USD", decimal_mark=decimal_mark)
    assert str(unclear.value) == f"Do you mean {thousands} or {fraction.replace('.', decimal_mark)}? Type one of these."


@pytest.mark.parametrize("typed", WRONGLY_GROUPED)
def test_separators_where_none_can_be_are_told(typed: str) -> None:
    with pytest.raises(UnclearAmount, match="is not clear"):
        typed_amount(typed, currency="USD", decimal_mark=".")


def test_a_currency_without_decimals_knows_thousands_only() -> None:
    assert typed_amount("1,500", currency="JPY", decimal_mark=".") == 1500
    with pytest.raises(UnclearAmount, match="JPY has no decimals"):
        typed_amount("1.5", currency="JPY", decimal_mark=".")


def test_a_currency_of_thousandths_is_written_as_its_page_writes_it() -> None:
    assert typed_amount("1.500", currency="KWD", decimal_mark=".") == Decimal("1.5")
    with pytest.raises(UnclearAmount, match="Do you mean"):
        typed_amount("1,500", currency="KWD", decimal_mark=".")
    with pytest.raises(UnclearAmount, match="USD has at most 2 decimals"):
        typed_amount("1.5555", currency="USD", decimal_mark=".")
