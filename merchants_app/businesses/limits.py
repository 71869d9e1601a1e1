"""Limits of one business: how many calls its keys may make, how many letters it may write, if not as everybody's."""

from django.conf import settings

from merchants_app.businesses.money_rules import change_settings
from merchants_app.models import Merchant, User
from merchants_app.people.operators import operator_name

LETTERS_A_DAY = 100  # a business writes its own words to any address: without an end it were a relay


def set_limits(*, merchant: Merchant, by: User, calls_a_minute: int | None, letters_a_day: int | None) -> None:
    """None: as everybody's. With an audit line from what to what; within five seconds everywhere."""
    change_settings(
        merchant=merchant, actor=operator_name(by), calls_a_minute=calls_a_minute, letters_a_day=letters_a_day
    )


def calls_a_minute(merchant: Merchant) -> int:
    """Of all its keys together, if it has a limit of its own; else of each."""
    return settings.RATE_LIMIT_PER_KEY if merchant.calls_a_minute is None else merchant.calls_a_minute


def letters_a_day(merchant: Merchant) -> int:
    """That ask buyers to pay."""
    return LETTERS_A_DAY if merchant.letters_a_day is None else merchant.letters_a_day
