"""Writes events, and for each the deliveries to whoever listens, inside the transaction of the change they are about.

There is one text for it, which every statement that writes events includes: `record_events` here, and the two of
sessions_app that create and expire in one round trip.

Endpoints that are switched off listen too: the sender sets their deliveries aside, and switching on sends them. So an
event that is written at the moment of a switch cannot fall between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from common.api.answer_types import Answer
from common.api.exact_json import dumps
from common.public_ids import sql_public_id
from webhooks_app.event_types import EventType
from webhooks_app.events.nudging import nudge
from webhooks_app.models import Delivery, Event, WebhookEndpoint

# ruff: noqa: S608  (what is put into the statements are names of our own)
_DELIVERIES, _EVENTS = Delivery._meta.db_table, Event._meta.db_table

# Of an `endpoint` and an `event` of one business and mode. An endpoint that named no kinds gets all of them.
CHOSEN = "(endpoint.events = '{}' OR event.type = ANY(endpoint.events))"
PAIRS = f"{_EVENTS} AS event JOIN {WebhookEndpoint._meta.db_table} AS endpoint USING (merchant_id, mode)"

# To be followed by where `event` and `endpoint` come from. Parameter `now`: when they are due.
DUE_DELIVERIES = f"""
    INSERT INTO {_DELIVERIES} (public_id, event_id, endpoint_id, state, attempts_made, next_attempt_at, created_at)
    SELECT {sql_public_id("dlv")}, event.id, endpoint.id, 'pending', 0, %(now)s::timestamptz, %(now)s::timestamptz"""

# Two parts of a WITH, `event` and `delivery`. They tell of `happened` (merchant_id, mode, type, subject, sequence,
# data), a part before them, row by row as it has them. Parameter `now`.
EVENTS_AND_DELIVERIES = f"""event AS (
    INSERT INTO {_EVENTS} (public_id, merchant_id, mode, type, subject, subject_sequence, data, created_at)
    SELECT {sql_public_id("evt")}, merchant_id, mode, type, subject, sequence, data, %(now)s::timestamptz
    FROM happened
    RETURNING id, merchant_id, mode, type
), delivery AS ({DUE_DELIVERIES}
    FROM event JOIN {WebhookEndpoint._meta.db_table} AS endpoint USING (merchant_id, mode)
    WHERE endpoint.deleted_at IS NULL AND {CHOSEN}
    RETURNING id
)"""

_RECORD = f"""
WITH happened AS (
    SELECT * FROM ROWS FROM (
        unnest(%(merchants)s::bigint[]), unnest(%(modes)s::text[]), unnest(%(types)s::text[]),
        unnest(%(subjects)s::text[]), unnest(%(sequences)s::int[]), jsonb_array_elements(%(data)s::jsonb)
    ) WITH ORDINALITY AS new (merchant_id, mode, type, subject, sequence, data, place)
    ORDER BY place
), {EVENTS_AND_DELIVERIES}
SELECT EXISTS (SELECT FROM delivery)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event about to be written. `sequence` is the subject's running number, from 1 without a gap."""

    merchant_id: int
    mode: str
    type: EventType
    subject: str
    sequence: int
    data: Answer | dict[str, Any]


def record_events(events: Sequence[NewEvent]) -> None:
    """Writes events in order, each with a due delivery per listening endpoint. Call it in the change's transaction."""
    given: dict[str, Any] = {
        "merchants": [event.merchant_id for event in events],
        "modes": [event.mode for event in events],
        "types": [event.type.value for event in events],
        "subjects": [event.subject for event in events],
        "sequences": [event.sequence for event in events],
        "data": f"[{','.join(dumps(event.data) for event in events)}]",
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, given)
        (has_deliveries,) = cursor.fetchone()
    if has_deliveries:
        nudge_on_commit()


def nudge_on_commit() -> None:
    """Wakes the sender once the change is committed; losing the nudge costs seconds, no event."""
    transaction.on_commit(nudge, robust=True)
