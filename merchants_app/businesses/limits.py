"""Limits of one business: how many calls its keys may make, how many letters it may write, if not as everybody's."""

from typing import NamedTuple

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


class CallLimit(NamedTuple):
    """How many calls may be made in a minute."""

    calls: int
    of_all_keys: bool  # together; else of each


def call_limit(merchant: Merchant) -> CallLimit:
    """The business's own, or everybody's."""
    own = merchant.calls_a_minute
    return CallLimit(settings.RATE_LIMIT_PER_KEY, False) if own is None else CallLimit(own, True)


def letters_a_day(merchant: Merchant) -> int:
    """That its people have sent to buyers: those that ask to pay, and receipts once more."""
    return LETTERS_A_DAY if merchant.letters_a_day is None else merchant.letters_a_day
