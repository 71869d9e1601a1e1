"""Books what had happened before books were kept, or while an older version still ran beside this one, in batches.

And adds up what came to the books' sums meanwhile, so that pages read a few rows a day and not one a line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from common.database import fetch
from common.lease import lease
from sessions_app.books.booking import book_payments, book_refunds, book_told_refunds
from sessions_app.models import BookLine, BooksPosition, BookSum, Decision, LineKind, Payment, Refund
from sessions_app.models.book_line import BOOKED_ALIKE
from sessions_app.state.lifecycle import hold_many
from sessions_app.status import DecisionKind, RefundStatus

BATCH = 500
# Batches that one run does at most: the worker's thread belongs to others in between.
MOST_BATCHES = 200
# Rows before its position that each run looks at again: they may have become final under an older version.
LOOKED_AT_AGAIN = 10_000
# Loose sums that one statement takes.
SUMMED_AT_ONCE = 5_000


def catch_up() -> int:
    """Goes on from where it stood; returns how many lines were missing. Safe to run twice at once, and to stop."""
    with lease("catching-up-with-the-books") as is_ours:
        if not is_ours:
            return 0
        written = sum(_follow(each) for each in _STEPS)
        add_up()
        return written


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Rows of one kind: how far they are looked through, which are not booked, whose session they hang on, and how."""

    position: str
    missing: Callable[[], QuerySet[Payment] | QuerySet[Refund] | QuerySet[Decision]]
    book: Callable[[list[int], list[int], BooksPosition], int]


def _follow(step: _Step) -> int:
    position = BooksPosition.objects.order_by("id").first() or BooksPosition.objects.create(began_at=timezone.now())
    at, written = getattr(position, step.position) - LOOKED_AT_AGAIN, 0
    for _ in range(MOST_BATCHES):
        newest = step.missing().model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0
        found = list(step.missing().filter(pk__gt=at).order_by("pk").values_list("pk", "session")[:BATCH])
        if found:
            with transaction.atomic():
                written += step.book([key for key, _ in found], [session for _, session in found], position)
        at = found[-1][0] if len(found) == BATCH else newest
        ahead = {f"{step.position}__lt": at}
        BooksPosition.objects.filter(pk=position.pk, **ahead).update(**{step.position: at})
        if len(found) < BATCH:
            break
    return written


def _has(kind: LineKind, cause: str) -> Exists:
    return Exists(BookLine.objects.filter(**{cause: OuterRef("pk")}, kind=kind))


def _payments() -> QuerySet[Payment]:
    has = partial(_has, cause="payment")
    return Payment.objects.filter(
        (Q(first_confirmed_at__isnull=False) & ~has(LineKind.RECEIVED))
        | (Q(collected_at__isnull=False, confirmed_at__isnull=False, vanished_at=None) & ~has(LineKind.COLLECTED))
        | (Q(vanished_at__isnull=False) & has(LineKind.RECEIVED) & ~has(LineKind.TAKEN_BACK)),
        amount_units__gt=0,
    )


def _refunds() -> QuerySet[Refund]:
    return Refund.objects.filter(~_has(LineKind.REFUNDED, "refund"), status=RefundStatus.CONFIRMED)


def _decisions() -> QuerySet[Decision]:
    booked = BookLine.objects.filter(session=OuterRef("session"), kind=LineKind.REFUNDED)
    return Decision.objects.filter(~Exists(booked), kind=DecisionKind.REFUNDED)


def _book_payments(keys: list[int], _sessions: list[int], position: BooksPosition) -> int:
    # Nobody changes them between the look and the line.
    locked = Payment.objects.filter(pk__in=keys).order_by("pk").select_for_update().values_list("pk", flat=True)
    return book_payments(list(locked), now=timezone.now(), began_at=position.began_at)


def _book_refunds(keys: list[int], sessions: list[int], position: BooksPosition) -> int:
    hold_many(sessions)
    return book_refunds(keys, now=timezone.now(), began_at=position.began_at)


def _book_decisions(_keys: list[int], sessions: list[int], position: BooksPosition) -> int:
    hold_many(sessions)
    return book_told_refunds(sessions, now=timezone.now(), began_at=position.began_at)


_STEPS = (
    _Step(position="payments_upto", missing=_payments, book=_book_payments),
    _Step(position="refunds_upto", missing=_refunds, book=_book_refunds),
    _Step(position="decisions_upto", missing=_decisions, book=_book_decisions),
)

# ruff: noqa: S608  (what is put into the statement are names of our own)
_COLUMNS = [field.get_attname() for field in BookSum._meta.concrete_fields if field.name in BOOKED_ALIKE]
_ALIKE, _TABLE = ", ".join(_COLUMNS), BookSum._meta.db_table
_SUMMED = ("amount_units", "reporting_value", "lines", "unknown")
# One statement, so that nobody sees a line twice or not at all.
_ADD_UP = f"""
WITH loose AS (
    DELETE FROM {_TABLE} WHERE id = ANY(ARRAY(
        SELECT id FROM {_TABLE} WHERE is_loose ORDER BY id LIMIT {SUMMED_AT_ONCE:d}
    ))
    RETURNING {_ALIKE}, {", ".join(_SUMMED)}
), added AS (
    INSERT INTO {_TABLE} AS present ({_ALIKE}, {", ".join(_SUMMED)}, is_loose)
    SELECT {_ALIKE}, {", ".join(f"sum({name})" for name in _SUMMED)}, false FROM loose GROUP BY {_ALIKE}
    ON CONFLICT ({_ALIKE}) WHERE NOT is_loose
    DO UPDATE SET {", ".join(f"{name} = present.{name} + excluded.{name}" for name in _SUMMED)}
)
SELECT count(*) FROM loose
"""


def add_up() -> int:
    """All that is loose; returns how many that were. To stop it loses nothing."""
    total = 0
    while number := int(fetch(_ADD_UP, [])[0][0]):
        total += number
        if number < SUMMED_AT_ONCE:
            break
    return total
