"""An event as JSON: the body of its webhook, and the same in the API's answers."""

from datetime import datetime
from typing import Any

from common.api.exact_json import dumps
from common.modes import Mode
from webhooks_app import answers
from webhooks_app.event_types import EventType
from webhooks_app.models import Event

# What of a subject's newest snapshot is its present state: an old event tells it beside its own.
STATE = (
    "status", "paymentStatus", "issue", "needsDecision", "amountRefunded", "amountNet", "supersededBy", "updatedAt",
)  # fmt: skip


def represent_event(event: Event) -> answers.Event:
    """An event's answer: what was told, and in `data.current` how its subject stands by now."""
    newest = Event.objects.filter(subject=event.subject).order_by("-subject_sequence").first() or event
    current = _state(newest.data, newest.subject_sequence)
    return answers.Event(
        id=event.public_id,
        type=EventType(event.type),
        timestamp=event.created_at,
        livemode=event.mode == Mode.LIVE,
        subject=event.subject,
        sequence=event.subject_sequence,
        position=event.pk,
        data=event.data | ({"current": current} if current else {}),
    )


def wire_body(
    *,
    event_id: str,
    type: str,
    created_at: datetime,
    mode: str,
    subject: str,
    sequence: int,
    position: int,
    data: str,
    current: str | None,
) -> bytes:
    """The same as bytes to send, `data` and `current` being JSON text already: passed on as the database wrote them."""
    head = answers.EventHead(
        id=event_id,
        type=EventType(type),
        timestamp=created_at,
        livemode=mode == Mode.LIVE,
        subject=subject,
        sequence=sequence,
        position=position,
    )
    if current:
        data = f'{data[:-1]},"current":{current}}}'
    return f'{dumps(head)[:-1]},"data":{data}}}'.encode()


def _state(data: dict[str, Any], sequence: int) -> dict[str, Any]:
    state = {name: data[name] for name in STATE if name in data}
    return state | {"sequence": sequence} if state else {}
