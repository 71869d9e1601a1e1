"""Lets time pass in test mode, for one business alone: what it waits for comes nearer by moving its past back.

The chain and everybody else stay where they are. All times of a session move alike, so what was in time stays so. The
books stand: what was written into them is never changed. Letters do, too: how many may be written is counted by real
days.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, QuerySet
from django.utils import timezone

from common.database import sooner
from common.modes import Mode
from merchants_app.models import Merchant
from sessions_app.errors import TestModeOnly
from sessions_app.models import BookLine, CheckoutSession, Letter, RefundCandidate
from sessions_app.state.lifecycle import TIME_IS_OVER, News, lock_many, reassess_many
from sessions_app.status import Status
from webhooks_app.queue.resending import bring_nearer

BATCH = 200
# As often as it is called, nobody's past leaves what a calendar can hold.
_FARTHEST = timedelta(days=10 * 366)


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
    now = timezone.now()
    own = CheckoutSession.objects.filter(merchant=merchant, mode=mode, created_at__gt=now - _FARTHEST)
    watched = list(own.filter(watch_until__gt=now).order_by("pk").values_list("pk", flat=True))
    expired = 0
    for start in range(0, len(watched), BATCH):
        with transaction.atomic():
            expired += _move(watched[start : start + BATCH], by, actor)
    bring_nearer(merchant, mode, by)
    return Advanced(len(watched), expired)


def _move(keys: list[int], by: timedelta, actor: str) -> int:
    lock_many(keys)
    _bring_back(CheckoutSession.objects.filter(pk__in=keys), by)
    for relation in CheckoutSession._meta.related_objects:
        if relation.related_model in {BookLine, Letter}:
            continue
        rows: QuerySet[Any] = QuerySet(relation.related_model)
        _bring_back(rows.filter(**{f"{relation.field.name}__in": keys}), by)
    Letter.objects.filter(session__in=keys, outcome="").update(due_at=sooner("due_at", by))
    _bring_back(RefundCandidate.objects.filter(refund__session__in=keys), by)
    over = CheckoutSession.objects.filter(pk__in=keys, status=Status.OPEN, expires_at__lte=timezone.now())
    news = {key: News(reason=TIME_IS_OVER, actor=actor) for key in over.values_list("pk", flat=True)}
    reassess_many(news)
    return len(news)


def _bring_back(rows: QuerySet[Any], by: timedelta) -> None:
    """All times that the rows have."""
    names = [each.name for each in rows.model._meta.fields if isinstance(each, DateTimeField)]
    if names:
        rows.update(**{name: ExpressionWrapper(F(name) - by, output_field=DateTimeField()) for name in names})
