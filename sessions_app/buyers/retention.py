"""Erases buyers whose time is over, for businesses that keep them no longer than they need to."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from common.modes import Mode
from merchants_app.audit import record
from merchants_app.models import Merchant
from sessions_app.buyers.erasing import erase_rows
from sessions_app.errors import StillNeeded
from sessions_app.models import CheckoutSession, Customer

BATCH = 200
# What is left over then, the next run takes; the worker's thread belongs to others in between.
MOST_SECONDS = 1200.0
_ACTOR = "system"


def erase_old_buyers(now: datetime) -> int:
    """Erases whoever's last session ended longer ago than their business keeps buyers; returns how many.

    One audit line for each business and mode says how many. Safe to run twice at once.
    """
    end = time.monotonic() + MOST_SECONDS
    total = 0
    for merchant in Merchant.objects.filter(keep_buyers_days__isnull=False).order_by("pk"):
        for mode in Mode:
            done = _erase(merchant, mode, now=now, end=end)
            if done:
                record(merchant=merchant, mode=mode, actor=_ACTOR, action="buyers.erased", buyers=done,
                       kept_days=merchant.keep_buyers_days)  # fmt: skip
            total += done
    return total


def _erase(merchant: Merchant, mode: Mode, *, now: datetime, end: float) -> int:
    done = 0
    for customer in _due(merchant, mode, before=now - timedelta(days=merchant.keep_buyers_days or 0)):
        if time.monotonic() > end:
            break
        try:
            done += erase_rows(customer, actor=_ACTOR, now=now) is not None
        except StillNeeded:
            continue  # an open decision, a refund under way: another day
    return done


def _due(merchant: Merchant, mode: Mode, *, before: datetime) -> Iterator[Customer]:
    """Customers without a session that ended later, a batch at a time."""
    ended = Coalesce("completed_at", "ended_at", "expires_at")
    later = CheckoutSession.objects.filter(customer=OuterRef("pk")).alias(over_at=ended).filter(over_at__gt=before)
    due: QuerySet[Customer] = Customer.objects.filter(
        ~Exists(later), merchant=merchant, mode=mode, erased_at=None, created_at__lte=before
    )
    last = 0
    while batch := list(due.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield from batch
        last = batch[-1].pk
