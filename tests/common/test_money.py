"""Money: exact, in minor units, rounded in one known direction."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.fiat.currencies import Currency
from common.money import (
    amount_text,
    fits_minor_unit,
    minor_digits,
    plain,
    to_minor_unit,
    to_units,
    to_whole,
    units_due,
    units_worth,
    value_of,
)

UNITS = st.integers(0, 2**256 - 1)
DECIMALS = st.integers(0, 18)


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("USD", 2), ("KWD", 3)])
def test_currencies_have_their_own_decimals(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


def test_every_currency_on_offer_is_known() -> None:
    assert all(0 <= minor_digits(currency) <= 3 for currency in Currency.values)


def test_an_amount_fits_its_currency_or_not() -> None:
    assert fits_minor_unit(Decimal("49.10"), "USD")
    assert not fits_minor_unit(Decimal("49.001"), "USD")
    assert not fits_minor_unit(Decimal("0.5"), "JPY")
    assert to_minor_unit(Decimal(49), "USD") == Decimal("49.00")


@given(UNITS, DECIMALS)
def test_units_come_back_as_they_were(units: int, decimals: int) -> None:
    assert to_units(to_whole(units, decimals), decimals) == units


@given(UNITS, DECIMALS)
def test_the_text_of_an_amount_says_it_exactly(units: int, decimals: int) -> None:
    text = amount_text(units, decimals)
    assert "E" not in text
    assert to_units(Decimal(text), decimals) == units


@pytest.mark.parametrize("nothing", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_amount(nothing: str) -> None:
    with pytest.raises(ValueError, match=f"^{nothing} is no amount$"):
        to_units(Decimal(nothing), 6)


def test_more_decimals_than_the_asset_has_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 6 decimals"):
        to_units(Decimal("0.0000001"), 6)


@given(
    st.decimals("0.01", "1000000", places=2),
    st.decimals("0.000001", "1000000", places=6),
    st.sampled_from([(18, 6), (6, 2)]),
)
def test_what_is_due_covers_the_price_by_less_than_one_step(
    price: Decimal, rate: Decimal, digits: tuple[int, int]
) -> None:
    decimals, display = digits
    due = to_whole(units_due(price, rate, decimals=decimals, display_decimals=display), decimals)
    step = Decimal(1).scaleb(-display)
    assert due * rate >= price
    assert (due - step) * rate < price


def test_a_rate_above_zero_is_needed() -> None:
    with pytest.raises(ValueError, match="above zero"):
        units_due(Decimal(1), Decimal(0), decimals=6, display_decimals=2)


def test_the_worth_of_units() -> None:
    assert value_of(49_000_000, Decimal("0.999"), decimals=6) == Decimal("48.951")


@pytest.mark.parametrize(("units", "worth"), [(5, 0), (6, 1), (15, 2), (25, 2)])
def test_the_worth_of_units_is_rounded_at_the_eighteenth_decimal_to_the_even_one(units: int, worth: int) -> None:
    assert value_of(units, Decimal("0.1"), decimals=18) == Decimal(worth).scaleb(-18)


@pytest.mark.parametrize(("amount", "text"), [("0.0150", "0.015"), ("1E+3", "1000"), ("0", "0"), ("10", "10")])
def test_plain_text(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


@given(value=st.decimals(0, 10**60, places=2), rate=st.decimals("0.000001", 100_000, places=6), decimals=DECIMALS)
def test_what_goes_back_is_worth_no_more_than_said(value: Decimal, rate: Decimal, decimals: int) -> None:
    units = units_worth(value, rate, decimals=decimals)
    with localcontext(prec=180):
        assert to_whole(units, decimals) * rate <= value < to_whole(units + 1, decimals) * rate
