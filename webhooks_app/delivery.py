"""The queue: deliveries are claimed, reported on and given back. SQL of its own, because every round trip counts here.

A claim pushes `next_attempt_at` ahead by the lease, so a killed worker's deliveries become due again by themselves.
A report only counts while the lease is still the one that was given: who was overtaken changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import AsyncConnection

from common.exact_json import dumps
from webhooks_app.event_types import EventType
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint
from webhooks_app.problems import Problem
from webhooks_app.representation import wire_body
from webhooks_app.retry_schedule import retry_after

LEASE = timedelta(seconds=60)
# How many endpoints one claim serves; those that waited longest come first, so the others' turn comes.
ENDPOINTS_A_CLAIM = 200

Connection = AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours until the lease ends."""

    delivery_id: int
    endpoint_id: int
    attempts_made: int
    leased_until: datetime
    event_id: str
    event_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt."""

    claim: Claim
    started_at: datetime
    duration_ms: int
    status_code: int | None = None
    problem: str = ""
    detail: str = ""
    answer_excerpt: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the receiver has it."""
        return not self.problem


_TABLES = {
    "deliveries": Delivery._meta.db_table,
    "attempts": DeliveryAttempt._meta.db_table,
    "events": Event._meta.db_table,
    "endpoints": WebhookEndpoint._meta.db_table,
}

# `waiting` jumps from endpoint to endpoint through the index of waiting deliveries, one probe each, however long
# their queues are; `taken` then locks at most an endpoint's room of its due ones.
_CLAIM = """
WITH RECURSIVE waiting AS (
    (SELECT endpoint_id, next_attempt_at FROM {deliveries} WHERE state = 'pending'
     ORDER BY endpoint_id, next_attempt_at LIMIT 1)
    UNION ALL
    SELECT following.* FROM waiting, LATERAL (
        SELECT endpoint_id, next_attempt_at FROM {deliveries}
        WHERE state = 'pending' AND endpoint_id > waiting.endpoint_id
        ORDER BY endpoint_id, next_attempt_at LIMIT 1
    ) AS following
), served AS (
    SELECT waiting.endpoint_id, coalesce(room.size, %(fresh)s) AS room
    FROM waiting LEFT JOIN unnest(%(endpoints)s::bigint[], %(rooms)s::int[]) AS room(endpoint_id, size)
        ON room.endpoint_id = waiting.endpoint_id
    WHERE waiting.next_attempt_at <= now() AND coalesce(room.size, %(fresh)s) > 0
    ORDER BY waiting.next_attempt_at LIMIT %(endpoint_limit)s
), taken AS (
    SELECT due.id FROM served, LATERAL (
        SELECT id FROM {deliveries}
        WHERE endpoint_id = served.endpoint_id AND state = 'pending' AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT served.room
        FOR UPDATE SKIP LOCKED
    ) AS due LIMIT %(limit)s
)
UPDATE {deliveries} AS delivery SET next_attempt_at = now() + %(lease)s
FROM taken, {events} AS event
WHERE delivery.id = taken.id AND event.id = delivery.event_id
RETURNING delivery.id, delivery.endpoint_id, delivery.attempts_made, delivery.next_attempt_at,
    event.public_id, event.type, event.created_at, event.mode, event.subject, event.subject_sequence, event.id,
    event.data::text
""".format_map(_TABLES)

_REPORT = """
WITH outcome AS (
    SELECT * FROM json_to_recordset(%s) AS t(
        id bigint, lease timestamptz, state text, attempts int, next_at timestamptz,
        started_at timestamptz, duration int, code int, problem text, detail text, answer text
    )
), moved AS (
    UPDATE {deliveries} AS delivery
    SET state = outcome.state, attempts_made = outcome.attempts, next_attempt_at = outcome.next_at
    FROM outcome WHERE delivery.id = outcome.id AND delivery.next_attempt_at = outcome.lease
)
INSERT INTO {attempts} (delivery_id, started_at, duration_ms, status_code, problem, detail, answer_excerpt)
SELECT outcome.id, started_at, duration, code, problem, detail, answer
FROM outcome WHERE EXISTS (SELECT FROM {deliveries} WHERE id = outcome.id)
""".format_map(_TABLES)

_SUCCEEDED = """
UPDATE {endpoints} SET last_success_at = now(), failing_since = NULL, warned_at = NULL WHERE id = %s
""".format_map(_TABLES)
_FAILED = """
UPDATE {endpoints} SET last_failure_at = now(), failing_since = coalesce(failing_since, now()) WHERE id = %s
""".format_map(_TABLES)

_GIVE_BACK = """
UPDATE {deliveries} AS delivery SET next_attempt_at = now()
FROM unnest(%(ids)s::bigint[], %(leases)s::timestamptz[]) AS given(id, lease)
WHERE delivery.id = given.id AND delivery.next_attempt_at = given.lease
""".format_map(_TABLES)

_SET_ASIDE = """
UPDATE {deliveries} SET state = 'failed', next_attempt_at = NULL WHERE id = ANY(%(ids)s) AND state = 'pending'
""".format_map(_TABLES)


async def claim_due(connection: Connection, *, rooms: dict[int, int], fresh_room: int, limit: int) -> list[Claim]:
    """Leases due deliveries: at most its room for each endpoint, `limit` in all, the longest waiting first."""
    cursor = await connection.execute(
        _CLAIM,
        {
            "endpoints": list(rooms),
            "rooms": list(rooms.values()),
            "fresh": fresh_room,
            "limit": limit,
            "endpoint_limit": ENDPOINTS_A_CLAIM,
            "lease": LEASE,
        },
    )
    return [_claim(row) for row in await cursor.fetchall()]


async def report(connection: Connection, outcomes: Sequence[Outcome], health: Mapping[int, bool]) -> None:
    """Records attempts and what follows: done, tried again later, or given up. All or nothing.

    `health` says of endpoints whether they took a message, as far as it is to be noted with them.
    """
    told = dumps([_told(each) for each in outcomes])
    async with connection.pipeline(), connection.transaction():
        # Endpoints before deliveries and by id, as whoever switches one off does: nobody waits in a circle.
        for endpoint, succeeded in sorted(health.items()):
            await connection.execute(_SUCCEEDED if succeeded else _FAILED, [endpoint])
        await connection.execute(_REPORT, [told])


async def give_back(connection: Connection, claims: Sequence[Claim]) -> None:
    """Makes claims that did not leave due again at once."""
    given = {"ids": [each.delivery_id for each in claims], "leases": [each.leased_until for each in claims]}
    await connection.execute(_GIVE_BACK, given)


async def set_aside(connection: Connection, claims: Sequence[Claim]) -> None:
    """Ends claims of an endpoint that was switched off or deleted in the meantime; switching on sends them."""
    await connection.execute(_SET_ASIDE, {"ids": [each.delivery_id for each in claims]})


def _claim(row: tuple[Any, ...]) -> Claim:
    (delivery_id, endpoint_id, attempts, lease, event_id, kind, created_at, mode, subject, sequence, key, data) = row
    body = wire_body(
        event_id=event_id,
        type=kind,
        created_at=created_at,
        mode=mode,
        subject=subject,
        sequence=sequence,
        position=key,
        data=data,
    )
    return Claim(delivery_id, endpoint_id, attempts, lease, event_id, kind, body)


def _told(outcome: Outcome) -> dict[str, Any]:
    """As one record of JSON: dumping it costs a third of what eleven arrays do."""
    state, next_at = _move(outcome)
    return {
        "id": outcome.claim.delivery_id,
        "lease": outcome.claim.leased_until.isoformat(),
        "state": state.value,
        "attempts": outcome.claim.attempts_made + 1,
        "next_at": next_at.isoformat() if next_at else None,
        "started_at": outcome.started_at.isoformat(),
        "duration": outcome.duration_ms,
        "code": outcome.status_code,
        "problem": outcome.problem,
        "detail": outcome.detail,
        "answer": outcome.answer_excerpt,
    }


def _move(outcome: Outcome) -> tuple[DeliveryState, datetime | None]:
    """The state that follows, and when it is due again."""
    if outcome.succeeded:
        return DeliveryState.SUCCEEDED, None
    pause = None if outcome.problem == Problem.GONE else retry_after(outcome.claim.attempts_made + 1)
    if pause is None or outcome.claim.event_type == EventType.ENDPOINT_TEST:
        return DeliveryState.FAILED, None
    return DeliveryState.PENDING, outcome.started_at + timedelta(milliseconds=outcome.duration_ms) + pause
