"""Amounts as people write them, where a row keeps base units."""

from typing import Any, Protocol

from django.contrib import admin

from common.money import amount_text


class _Units(Protocol):
    amount_units: int
    decimals: int
    asset: str


class WholeAmounts:
    """Mixed into the admin of such rows: `whole_amount` among its fields or columns."""

    readonly_fields: Any = ("whole_amount",)

    @admin.display(description="amount", ordering="amount_units")
    def whole_amount(self, row: _Units) -> str:
        """`49.5 USDC`."""
        return f"{amount_text(row.amount_units, row.decimals)} {row.asset}"
