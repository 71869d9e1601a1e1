"""Writes events, and for each the deliveries to whoever listens, inside the transaction of the change they tell of.

Endpoints that are switched off listen too: the sender sets their deliveries aside, and switching on sends them. So an
event that is written at the moment of a switch cannot fall between.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common.bulk_sql import insert_rows
from webhooks_app.event_types import EventType
from webhooks_app.models import Delivery, Event, WebhookEndpoint
from webhooks_app.nudging import nudge


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event about to be written. `sequence` is the subject's running number, from 1 without a gap."""

    merchant_id: int
    mode: str
    type: EventType
    subject: str
    sequence: int
    data: dict[str, Any]


def record_events(events: Sequence[NewEvent]) -> list[Event]:
    """Writes events in order, each with a due delivery per listening endpoint. Call it in the change's transaction."""
    now = timezone.now()
    listeners = _listeners({(event.merchant_id, event.mode) for event in events})
    rows = [
        Event(
            merchant_id=event.merchant_id,
            mode=event.mode,
            type=event.type,
            subject=event.subject,
            subject_sequence=event.sequence,
            data=event.data,
            created_at=now,
        )
        for event in events
    ]
    insert_rows(rows)
    if deliveries := _deliveries(rows, listeners, now):
        insert_rows(deliveries)
        nudge_on_commit()
    return rows


def nudge_on_commit() -> None:
    """Tells the sender, once the change is committed, that there is work; losing the nudge costs seconds, no event."""
    transaction.on_commit(nudge, robust=True)


def _listeners(owners: Iterable[tuple[int, str]]) -> dict[tuple[int, str], list[WebhookEndpoint]]:
    wanted = Q()
    for merchant_id, mode in owners:
        wanted |= Q(merchant_id=merchant_id, mode=mode)
    found: dict[tuple[int, str], list[WebhookEndpoint]] = defaultdict(list)
    if wanted:
        for endpoint in WebhookEndpoint.objects.filter(wanted, deleted_at=None):
            found[endpoint.merchant_id, endpoint.mode].append(endpoint)
    return found


def _deliveries(
    events: Iterable[Event], listeners: dict[tuple[int, str], list[WebhookEndpoint]], now: datetime
) -> list[Delivery]:
    return [
        Delivery(event=event, endpoint=endpoint, next_attempt_at=now, created_at=now)
        for event in events
        for endpoint in listeners[event.merchant_id, event.mode]
        if not endpoint.events or event.type in endpoint.events
    ]
