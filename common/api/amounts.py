"""Amounts of money in requests: strict about what they are, forgiving about how they are written.

A number or its text, exact. A shop's own sum may have gone through binary floats; what those add lies beyond the ninth
decimal, where no price has anything, and is taken off.
"""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from common.api.exact_json import MAX_NUMBER_LENGTH
from common.api.faults import Faults
from common.fiat.currencies import Currency
from common.money import CURRENCIES, fits_minor_unit, minor_digits

# As many as the reader of JSON lets through: nothing is rounded.
_ALL_DIGITS = Context(prec=MAX_NUMBER_LENGTH)
_TEXT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# No currency has more decimals.
_FINEST = Decimal("0.0001")
_NOISE = Decimal("0.000000001")
_TOO_MUCH = Decimal(10) ** 16


def number_in(value: object) -> Decimal:
    """The number that a text or a number is, whatever zeros or exponent it was written with.

    Raises PydanticCustomError.
    """
    if isinstance(value, str) and _TEXT.fullmatch(value.strip()) and len(value) <= MAX_NUMBER_LENGTH:
        value = Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PydanticCustomError("invalid", 'Send a number, such as 49.90, or its digits as text: "49.90".')
    number = value.normalize(_ALL_DIGITS) if isinstance(value, Decimal) else Decimal(value)
    if abs(number) >= _TOO_MUCH:
        raise PydanticCustomError("max_whole_digits", "At most 16 digits before the decimal point.")
    return number


def without_noise(number: Decimal) -> Decimal:
    """An amount of a currency without what a shop's floats added to it."""
    near = number.quantize(_FINEST, rounding=ROUND_HALF_EVEN, context=_ALL_DIGITS)
    return near.normalize(_ALL_DIGITS) if abs(number - near) < _NOISE else number


def amount_in(value: object) -> Decimal:
    """The same, without noise. Raises PydanticCustomError."""
    return without_noise(number_in(value))


def above_zero(amount: Decimal) -> Decimal:
    """The amount. Raises PydanticCustomError."""
    if amount <= 0:
        raise PydanticCustomError("too_small", "Must be above zero.")
    return amount


# An amount of money above zero; whether it fits its currency, `check_amount` says.
Amount = Annotated[
    Decimal,
    BeforeValidator(amount_in),
    AfterValidator(above_zero),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 10**16},
                {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*$"},
            ]
        }
    ),
]


def check_amount(amount: Decimal, currency: str, faults: Faults, *, name: str = "amount") -> None:
    """No finer than the currency's minor unit."""
    if not fits_minor_unit(amount, currency):
        digits = minor_digits(currency)
        said = {0: "no decimals", 1: "at most 1 decimal"}.get(digits, f"at most {digits} decimals")
        faults.add(name, "too_many_decimals", f"{currency} has {said}.")


def _known(code: object) -> object:
    if not isinstance(code, str) or (folded := code.strip().upper()) not in CURRENCIES:
        raise PydanticCustomError("invalid_choice", "Send an ISO 4217 code that GET /api/v1/currencies lists.")
    return folded


# Its code, in any case of letters.
CurrencyCode = Annotated[Currency, BeforeValidator(_known)]
