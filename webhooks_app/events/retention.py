"""Forgets what is old: whole chunks where there are such, else a little at a time, so that nobody waits for a lock."""

import time
from datetime import datetime, timedelta

from django.db import connection

from common.postgresql.chunks import Chunked, drop_old, make_ahead
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event

ATTEMPTS_KEPT = timedelta(days=90)
EVENTS_KEPT = timedelta(days=396)  # 13 months; a session lives for days
BATCH = 2000
# Run hourly, that is enough for what a fast sender writes in an hour, and leaves the worker's thread to others after.
MOST_SECONDS = 1200.0

_EVENTS, _DELIVERIES, _ATTEMPTS = (model._meta.db_table for model in (Event, Delivery, DeliveryAttempt))
# Few chunks: the sender, and whoever looks for a subject's events, looks into each.
EVENTS = Chunked(
    table=_EVENTS,
    followers=(_DELIVERIES,),
    moment="created_at",
    period=timedelta(days=90),
    least=1_000_000,
)
ATTEMPTS = Chunked(table=_ATTEMPTS, moment="started_at", period=timedelta(days=30), least=1_000_000)

# ruff: noqa: S608  (what is put into the statements are names of our own)
# Ids grow with time: the oldest stand at the beginning of the primary key, and no index on the time is needed.
_OLD_ATTEMPTS = f"""
DELETE FROM {_ATTEMPTS} WHERE id IN (
    SELECT id FROM (SELECT id, started_at FROM {_ATTEMPTS} ORDER BY id LIMIT %s) AS oldest WHERE started_at < %s
)
"""
_OLD_EVENTS = f"""
SELECT id FROM (SELECT id, created_at FROM {_EVENTS} ORDER BY id LIMIT %s) AS oldest WHERE created_at < %s
"""


def make_chunks_ahead(now: datetime) -> None:
    """Room for the events and attempts to come. Safe to run twice at once."""
    for chunked in (EVENTS, ATTEMPTS):
        make_ahead(chunked, now)


def forget_old(now: datetime) -> None:
    """Forgets attempts after 90 days and events, with their deliveries, after 13 months. Safe to run twice at once.

    A chunk goes as a whole, when its newest row is so old.
    """
    end = time.monotonic() + MOST_SECONDS
    if drop_old(ATTEMPTS, before=now - ATTEMPTS_KEPT):
        while time.monotonic() < end and _forget_attempts(before=now - ATTEMPTS_KEPT):
            pass
    if drop_old(EVENTS, before=now - EVENTS_KEPT, may_go=_is_over, clear=_forget_attempts_of):
        while time.monotonic() < end and _forget_events(before=now - EVENTS_KEPT):
            pass


def _is_over(tables: list[str]) -> bool:
    """Whether nothing of a chunk is still to be sent: what waits was sent again lately, by hand."""
    deliveries, _ = tables
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT NOT EXISTS (SELECT FROM {deliveries} WHERE state = %s)", [DeliveryState.PENDING])
        return bool(cursor.fetchone()[0])


def _forget_attempts_of(tables: list[str]) -> None:
    """Of what was sent again lately, some attempts are younger than 90 days."""
    deliveries, _ = tables
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_ATTEMPTS} AS attempt USING {deliveries} AS sent WHERE delivery_id = sent.id")


def _forget_attempts(*, before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_ATTEMPTS, [BATCH, before])
        return int(cursor.rowcount)


def _forget_events(*, before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_EVENTS, [BATCH, before])
        old = [key for (key,) in cursor.fetchall()]
    # What still waits was sent again lately, by hand: it leaves first.
    waiting = Delivery.objects.filter(event__in=old, state=DeliveryState.PENDING).values_list("event_id", flat=True)
    old = sorted(set(old) - set(waiting))
    deliveries = Delivery.objects.filter(event__in=old)
    DeliveryAttempt.objects.filter(delivery__in=deliveries).delete()
    deliveries.delete()
    return Event.objects.filter(pk__in=old).delete()[0]
