"""An event as JSON: the body of its webhook, and the same in the API's answers."""

from datetime import datetime

from common.api.exact_json import dumps
from common.modes import Mode
from webhooks_app import answers
from webhooks_app.event_types import EventType
from webhooks_app.models import Event


def represent_event(event: Event) -> answers.Event:
    """An event's answer."""
    return answers.Event(
        id=event.public_id,
        type=EventType(event.type),
        timestamp=event.created_at,
        livemode=event.mode == Mode.LIVE,
        subject=event.subject,
        sequence=event.subject_sequence,
        position=event.pk,
        data=event.data,
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
) -> bytes:
    """The same as bytes to send, `data` being JSON text already: it is passed on as the database wrote it."""
    head = answers.EventHead(
        id=event_id,
        type=EventType(type),
        timestamp=created_at,
        livemode=mode == Mode.LIVE,
        subject=subject,
        sequence=sequence,
        position=position,
    )
    return f'{dumps(head)[:-1]},"data":{data}}}'.encode()
