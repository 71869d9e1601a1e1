"""Money: rounding never costs the merchant, nothing is lost on the way between units and amounts."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import (
    CURRENCIES,
    amount_text,
    fits_minor_unit,
    minor_digits,
    plain,
    to_minor_unit,
    to_units,
    to_whole,
    units_due,
    value_of,
)

PRICES = st.decimals(min_value="0.001", max_value=10**9, places=3)
RATES = st.decimals(min_value="0.000000000000000001", max_value=10**12, places=18)
PRECISIONS = st.integers(0, 18).flatmap(lambda decimals: st.tuples(st.just(decimals), st.integers(0, decimals)))


@given(PRICES, RATES, PRECISIONS)
def test_rounding_up_never_costs_the_merchant(price: Decimal, rate: Decimal, precision: tuple[int, int]) -> None:
    decimals, shown = precision
    units = units_due(price, rate, decimals=decimals, display_decimals=shown)
    assert value_of(units, rate, decimals=decimals) >= price


@given(PRICES, RATES, PRECISIONS)
def test_nor_does_it_cost_the_buyer_more_than_one_shown_digit(
    price: Decimal, rate: Decimal, precision: tuple[int, int]
) -> None:
    decimals, shown = precision
    step = 10 ** (decimals - shown)
    units = units_due(price, rate, decimals=decimals, display_decimals=shown)
    assert units % step == 0
    with localcontext(prec=100):
        assert to_whole(units - step, decimals) * rate < price


@given(st.integers(0, 2**256 - 1), st.integers(0, 36))
def test_units_survive_the_way_to_an_amount_and_back(units: int, decimals: int) -> None:
    assert to_units(to_whole(units, decimals), decimals) == units
    assert to_units(Decimal(amount_text(units, decimals)), decimals) == units


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6), st.sampled_from(sorted(CURRENCIES)))
def test_an_amount_in_minor_units_stays_what_it_is(amount: Decimal, currency: str) -> None:
    rounded = to_minor_unit(amount, currency)
    assert fits_minor_unit(rounded, currency)
    assert to_minor_unit(rounded, currency) == rounded
    assert abs(rounded - amount) * 2 <= Decimal(1).scaleb(-minor_digits(currency))


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("USD", 2), ("EUR", 2), ("NGN", 2), ("KWD", 3)])
def test_each_currency_has_its_own_decimals(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("amount", "currency", "fits"),
    [("100", "JPY", True), ("100.5", "JPY", False), ("1.25", "USD", True), ("1.255", "USD", False),
     ("1.255", "KWD", True), ("1.2555", "KWD", False), ("1.250000", "USD", True)],
)  # fmt: skip
def test_what_fits_a_minor_unit(amount: str, currency: str, fits: bool) -> None:
    assert fits_minor_unit(Decimal(amount), currency) is fits


@pytest.mark.parametrize(
    ("price", "rate", "decimals", "shown", "due"),
    [
        ("49", "1", 6, 2, 49_000_000),
        ("49.001", "1", 6, 2, 49_010_000),
        ("100", "3000", 18, 6, 33_334_000_000_000_000),
        ("1000", "450000", 18, 6, 2_223_000_000_000_000),
        ("0.001", "3000", 18, 6, 1_000_000_000_000),  # the smallest amount shown, not nothing
        ("0", "3000", 18, 6, 0),
    ],
)
def test_what_is_due(price: str, rate: str, decimals: int, shown: int, due: int) -> None:
    assert units_due(Decimal(price), Decimal(rate), decimals=decimals, display_decimals=shown) == due


@pytest.mark.parametrize(("price", "rate"), [("1", "0"), ("1", "-1"), ("-1", "1")])
def test_a_rate_or_price_that_makes_no_sense_is_refused(price: str, rate: str) -> None:
    with pytest.raises(ValueError, match="above zero"):
        units_due(Decimal(price), Decimal(rate), decimals=6, display_decimals=2)


@pytest.mark.parametrize("amount", ["0.0000001", "NaN", "Infinity"])
def test_an_amount_the_asset_cannot_have_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=r"decimals|no amount"):
        to_units(Decimal(amount), 6)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0.0150", "0.015"), ("1E+3", "1000"), ("100", "100"), ("0.00", "0"), ("1E-18", f"0.{'0' * 17}1")],
)
def test_amounts_are_written_plainly(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text
