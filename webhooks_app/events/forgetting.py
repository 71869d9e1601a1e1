"""Takes people out of what is kept of events: their snapshots, and what receivers answered to them.

Types, numbers and times of events stay, and so do their deliveries. Nothing is sent because of it; what is sent again
later carries what is left, signed anew.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.db.models import QuerySet

from common.postgresql.bulk_sql import update_rows
from merchants_app.models import Merchant
from webhooks_app import answers
from webhooks_app.event_types import EventType
from webhooks_app.models import DeliveryAttempt, Event

BATCH = 200


def forget_in_events(
    *, merchant: Merchant, mode: str, subjects: Collection[str], forget: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """Replaces the snapshots of these subjects' events by what `forget` makes of each, and drops receivers' answers."""
    for batch in _batches(_events(merchant, mode, subjects)):
        for event in batch:
            event.data = forget(event.data)
        update_rows(batch, ["data"])
        attempts = DeliveryAttempt.objects.filter(delivery__event__in=batch)
        attempts.exclude(answer_excerpt="", detail="").update(answer_excerpt="", detail="")


def events_about(*, merchant: Merchant, mode: str, subjects: Collection[str]) -> list[answers.ExportedEvent]:
    """All that is kept of these subjects' events: snapshots, and where each was sent with which answer."""
    return [
        _with_deliveries(event)
        for batch in _batches(
            _events(merchant, mode, subjects).prefetch_related("deliveries__attempts", "deliveries__endpoint")
        )
        for event in batch
    ]


def _with_deliveries(event: Event) -> answers.ExportedEvent:
    return answers.ExportedEvent(
        id=event.public_id,
        type=EventType(event.type),
        created_at=event.created_at,
        data=event.data,
        deliveries=[
            answers.ExportedDelivery(
                id=delivery.public_id,
                url=delivery.endpoint.url,
                answers=[_answer(attempt) for attempt in delivery.attempts.all()],
            )
            for delivery in event.deliveries.all()
        ],
    )


def _answer(attempt: DeliveryAttempt) -> answers.ExportedAnswer:
    return answers.ExportedAnswer(
        at=attempt.started_at,
        status_code=attempt.status_code,
        detail=attempt.detail,
        answer=attempt.answer_excerpt,
    )


def _events(merchant: Merchant, mode: str, subjects: Collection[str]) -> QuerySet[Event]:
    return Event.objects.filter(merchant=merchant, mode=mode, subject__in=subjects)


def _batches(events: QuerySet[Event]) -> Iterator[list[Event]]:
    last = 0
    while batch := list(events.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk
