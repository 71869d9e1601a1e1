"""Amounts as people write them, where a row keeps base units."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from django.contrib import admin

from common.money import amount_text, plain, to_minor_unit


class _Units(Protocol):
    amount_units: int
    decimals: int
    asset: str


def plainly(name: str) -> Callable[[Any], str]:
    """A column of decimals without the zeros that fill it up: `2500` of 2500.000000."""

    @admin.display(description=name.replace("_", " "), ordering=name)
    def column(row: Any) -> str:
        value = getattr(row, name)
        return "–" if value is None else plain(value)

    return column


def priced(name: str) -> Callable[[Any], str]:
    """A column of what something is worth in its session's currency, to that one's smallest unit: `49.00 USD`."""

    @admin.display(description=name, ordering=name)
    def column(row: Any) -> str:
        value, currency = getattr(row, name), row.session.currency
        return "–" if value is None else f"{to_minor_unit(value, currency)} {currency}"

    return column


class WholeAmounts:
    """Mixed into the admin of such rows: `whole_amount` among its columns, and on its page in the units' place."""

    readonly_fields: ClassVar[Any] = ("whole_amount",)
    exclude: ClassVar[Any] = ("asset", "amount_units", "decimals")

    @admin.display(description="amount", ordering="amount_units")
    def whole_amount(self, row: _Units) -> str:
        """`49.5 USDC`."""
        return f"{amount_text(row.amount_units, row.decimals)} {row.asset}"
