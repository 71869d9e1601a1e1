"""Fields of described answers, in few words."""

import re
from typing import Any

from rest_framework import serializers

from common.money import CURRENCIES

CURRENCY_CHOICES = list(CURRENCIES.items())
_MOMENT = "ISO 8601 in UTC with milliseconds. "


def moment(meaning: str, *, nullable: bool = False) -> serializers.DateTimeField:
    """A time in an answer."""
    return serializers.DateTimeField(
        allow_null=nullable, help_text=f"{meaning} {_MOMENT}Example: 2030-01-31T12:00:00.000Z"
    )


def fiat(meaning: str, *, nullable: bool = False) -> serializers.DecimalField:
    """An amount of the session's currency, exact to its minor unit."""
    return serializers.DecimalField(
        max_digits=None,
        decimal_places=None,
        allow_null=nullable,
        help_text=f"{meaning} In the session's currency, exact. Example: 49.00",
    )


def on_chain(meaning: str) -> serializers.RegexField:
    """An amount of an asset as text, in whole units of it."""
    return serializers.RegexField(r"^[0-9]+(\.[0-9]+)?$", help_text=f"{meaning} In the asset itself. Example: 49.25")


def word(meaning: str, choices: Any, example: str, *, nullable: bool = False) -> serializers.ChoiceField:
    """One of a fixed list."""
    return serializers.ChoiceField(choices=choices, allow_null=nullable, help_text=f"{meaning} Example: {example}")


def text(meaning: str, example: str, *, nullable: bool = False) -> serializers.CharField:
    """Text."""
    return serializers.CharField(allow_null=nullable, help_text=f"{meaning} Example: {example}")


def number(meaning: str, example: str, *, nullable: bool = False) -> serializers.IntegerField:
    """A whole number."""
    return serializers.IntegerField(allow_null=nullable, help_text=f"{meaning} Example: {example}")


def yes_no(meaning: str, example: str = "true") -> serializers.BooleanField:
    """true or false."""
    return serializers.BooleanField(help_text=f"{meaning} Example: {example}")


def constant(value: str) -> serializers.RegexField:
    """What kind of thing this is: the same word always."""
    return serializers.RegexField(f"^{re.escape(value)}$", help_text=f"Always the same. Example: {value}")
