"""An event as JSON: the body of its webhook, and the same in the API's answers."""

from collections.abc import Collection, Sequence
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
# Addresses whose holder is taken for the buyer, or reads what was paid; and with them what says who buys.
ADDRESSES = frozenset({"successUrl", "cancelUrl", "url", "x402Url", "receiptUrl"})
OF_BUYER = ADDRESSES | {"email", "name", "metadata"}
MASK = "•••"


def masked(value: Any, names: Collection[str]) -> Any:
    """JSON as the API shows it, without what stands under these names."""
    if isinstance(value, list):
        return [masked(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: MASK if name in names and each else masked(each, names) for name, each in value.items()}


def represent_event(event: Event) -> answers.Event:
    """One of them."""
    [answer] = represent_events([event])
    return answer


def represent_events(events: Sequence[Event]) -> list[answers.Event]:
    """The answers of events: what was told, and in `data.current` how its subject stands by now. One query."""
    told = Event.objects.filter(subject__in={event.subject for event in events})
    newest = {each.subject: each for each in told.order_by("subject", "-subject_sequence").distinct("subject")}
    return [_answer(event, newest.get(event.subject, event)) for event in events]


def _answer(event: Event, newest: Event) -> answers.Event:
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
