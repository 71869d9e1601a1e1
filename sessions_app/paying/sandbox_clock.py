"""Lets time pass in test mode, for one business alone: what it waits for comes nearer by moving its past back.

The chain and everybody else stay where they are. All times of a session move alike, so what was in time stays so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Manager
from django.utils import timezone

from common.modes import Mode
from merchants_app.models import Merchant
from sessions_app.errors import TestModeOnly
from sessions_app.models import CheckoutSession, Decision, DepositAddress, Payment, Quote, Refund, StatusChange
from sessions_app.state.lifecycle import TIME_IS_OVER, News, lock_many, reassess_many
from sessions_app.status import Status
from webhooks_app.queue.resending import bring_nearer

BATCH = 200
# What stands in times of a session and of what hangs on it.
_TIMES: dict[Manager[Any], Sequence[str]] = {
    Quote.objects: ("created_at", "valid_until"),
    DepositAddress.objects: ("watch_until", "created_at", "passed_on_at"),
    Payment.objects: ("arrived_at", "seen_at", "confirmed_at", "first_confirmed_at", "vanished_at"),
    Decision.objects: ("decided_at",),
    Refund.objects: ("prepared_at", "withdrawn_at", "seen_at", "confirmed_at"),
    StatusChange.objects: ("at",),
}
_OWN = ("created_at", "updated_at", "expires_at", "watch_until", "held_until", "ended_at", "completed_at")


@dataclass(frozen=True, slots=True)
class Advanced:
    """What came of it."""

    sessions: int  # that were moved
    expired: int


def advance(*, merchant: Merchant, mode: str, by: timedelta, actor: str) -> Advanced:
    """So much time passes for the business's sessions that are still watched, and for its webhooks that wait.

    Sessions whose time is over then expire at once. In batches, each a transaction. Raises `TestModeOnly`.
    """
    if mode != Mode.TEST:
        raise TestModeOnly("Only the sandbox's clock can be moved: live time passes by itself.")
    own = CheckoutSession.objects.filter(merchant=merchant, mode=mode)
    watched = list(own.filter(watch_until__gt=timezone.now()).order_by("pk").values_list("pk", flat=True))
    expired = 0
    for start in range(0, len(watched), BATCH):
        with transaction.atomic():
            expired += _move(watched[start : start + BATCH], by, actor)
    bring_nearer(merchant, mode, by)
    return Advanced(len(watched), expired)


def _move(keys: list[int], by: timedelta, actor: str) -> int:
    lock_many(keys)
    CheckoutSession.objects.filter(pk__in=keys).update(**_earlier(_OWN, by))
    for rows, names in _TIMES.items():
        rows.filter(session__in=keys).update(**_earlier(names, by))
    over = CheckoutSession.objects.filter(pk__in=keys, status=Status.OPEN, expires_at__lte=timezone.now())
    news = {key: News(reason=TIME_IS_OVER, actor=actor) for key in over.values_list("pk", flat=True)}
    reassess_many(news)
    return len(news)


def _earlier(names: Sequence[str], by: timedelta) -> dict[str, Any]:
    return {name: ExpressionWrapper(F(name) - by, output_field=DateTimeField()) for name in names}
