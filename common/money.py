"""Money and its conversions: fiat as Decimal in minor units, chain amounts as whole base units. Only here."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import lru_cache

from babel.core import get_global

from common.fiat.currencies import Currency

CURRENCIES = frozenset(Currency.values)  # which answers more quickly than the class

# 78 digits hold 2^256; twice that and some lets a product of two such numbers stay exact.
_EXACT = Context(prec=180)


@lru_cache(maxsize=256)
def minor_digits(currency: str) -> int:
    """How many decimals a currency has (JPY 0, USD 2, KWD 3), from CLDR."""
    fractions = get_global("currency_fractions")
    return int(fractions.get(currency, fractions["DEFAULT"])[0])


def smallest_unit(currency: str) -> Decimal:
    """What a currency's amounts are multiples of: 0.01 USD, 1 JPY."""
    return _unit(minor_digits(currency))


def fits_minor_unit(amount: Decimal, currency: str) -> bool:
    """Whether the amount has no more decimals than the currency."""
    return amount == to_minor_unit(amount, currency)


def to_minor_unit(amount: Decimal, currency: str) -> Decimal:
    """Rounded half-even to the currency's minor unit, with exactly its decimals: 49 → 49.00 USD."""
    return _quantize(amount, minor_digits(currency), ROUND_HALF_EVEN)


def to_whole(units: int | Decimal, decimals: int) -> Decimal:
    """Base units as an amount of the asset: 49000000 with 6 decimals → 49.000000. Exact."""
    with localcontext(_EXACT):
        return Decimal(units).scaleb(-decimals)


def to_units(amount: Decimal, decimals: int) -> int:
    """An amount of the asset as base units. Raises ValueError when it has more decimals than the asset."""
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    with localcontext(_EXACT):
        units = amount.scaleb(decimals)
        if units != units.to_integral_value():
            raise ValueError(f"{amount} has more than {decimals} decimals")
        return int(units)


def units_due(price: Decimal, rate: Decimal, *, decimals: int, display_decimals: int) -> int:
    """Base units that are due for a price, rounded up to the asset's display precision: never the merchant's loss."""
    if not (rate > 0 and price >= 0):
        raise ValueError("a rate is above zero, and a price is not below it")
    # The division rounds up as well: the true quotient may lie just above what 180 digits can say.
    with localcontext(_EXACT, rounding=ROUND_CEILING):
        return to_units(_quantize(price / rate, display_decimals, ROUND_CEILING), decimals)


def units_worth(value: Decimal, rate: Decimal, *, decimals: int) -> int:
    """Base units that are worth so much, rounded down: never more than that."""
    with localcontext(_EXACT, rounding=ROUND_FLOOR):
        return to_units(_quantize(value / rate, decimals, ROUND_FLOOR), decimals)


def value_of(units: int | Decimal, rate: Decimal, *, decimals: int) -> Decimal:
    """What base units are worth at a rate, to 18 decimals, half-even. Compared unrounded, shown in minor units."""
    with localcontext(_EXACT):
        return _quantize(to_whole(units, decimals) * rate, 18, ROUND_HALF_EVEN)


def plain(amount: Decimal) -> str:
    """Digits without an exponent and without trailing zeros: 0.0150 → '0.015', 1E+3 → '1000'."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount_text(units: int | Decimal, decimals: int) -> str:
    """Base units as the API and the pages show them: '49', '0.0153'."""
    return plain(to_whole(units, decimals))


def _quantize(amount: Decimal, digits: int, rounding: str) -> Decimal:
    return amount.quantize(_unit(digits), rounding=rounding, context=_EXACT)


@lru_cache(maxsize=128)
def _unit(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)
