"""Forgets what is old, a little at a time, so that nobody waits for a lock meanwhile."""

import time
from datetime import datetime, timedelta

from django.db import connection

from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event

ATTEMPTS_KEPT = timedelta(days=90)
EVENTS_KEPT = timedelta(days=396)  # 13 months
BATCH = 2000
# Run hourly, that is enough for what a fast sender writes in an hour, and leaves the worker's thread to others after.
MOST_SECONDS = 1200.0

# Ids grow with time: the oldest stand at the beginning of the primary key, and no index on the time is needed.
_OLD_ATTEMPTS = """
DELETE FROM {attempts} WHERE id IN (
    SELECT id FROM (SELECT id, started_at FROM {attempts} ORDER BY id LIMIT %s) AS oldest WHERE started_at < %s
)
"""
_OLD_EVENTS = """
SELECT id FROM (SELECT id, created_at FROM {events} ORDER BY id LIMIT %s) AS oldest WHERE created_at < %s
"""


def forget_old(now: datetime) -> None:
    """Deletes attempts after 90 days and events, with their deliveries, after 13 months. Safe to run twice at once."""
    end = time.monotonic() + MOST_SECONDS
    while time.monotonic() < end and _forget_attempts(before=now - ATTEMPTS_KEPT):
        pass
    while time.monotonic() < end and _forget_events(before=now - EVENTS_KEPT):
        pass


def _forget_attempts(*, before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_ATTEMPTS.format(attempts=DeliveryAttempt._meta.db_table), [BATCH, before])
        return int(cursor.rowcount)


def _forget_events(*, before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_EVENTS.format(events=Event._meta.db_table), [BATCH, before])
        old = [key for (key,) in cursor.fetchall()]
    # What still waits was sent again lately, by hand: it leaves first.
    waiting = Delivery.objects.filter(event__in=old, state=DeliveryState.PENDING).values_list("event_id", flat=True)
    old = sorted(set(old) - set(waiting))
    deliveries = Delivery.objects.filter(event__in=old)
    DeliveryAttempt.objects.filter(delivery__in=deliveries).delete()
    deliveries.delete()
    return Event.objects.filter(pk__in=old).delete()[0]
