"""The queue: deliveries are claimed, reported on and given back. SQL of its own, because every round trip counts here.

A claim pushes `next_attempt_at` ahead by the lease, so a killed worker's deliveries become due again by themselves.
A report only counts while the lease is still the one that was given: who was overtaken changes nothing.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any

from psycopg import AsyncConnection

from common.api.exact_json import dumps
from merchants_app.held import HELD, host
from webhooks_app.event_types import EventType
from webhooks_app.events.bodies import STATE, wire_body
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint
from webhooks_app.problems import Problem
from webhooks_app.queue.hops import waiting_endpoints
from webhooks_app.queue.retry_schedule import retry_after

# A killed worker's deliveries are taken over within 60 s: when the lease is over, at the next look after that.
LEASE = timedelta(seconds=50)
# An attempt takes 20 s at most (`attempts.py`), and its report a moment.
LONGEST_ATTEMPT_SECONDS = 25.0
# How many endpoints of either kind one claim serves; those that waited longest come first, so the others' turn comes.
ENDPOINTS_A_CLAIM = 200
SET_ASIDE_AT_ONCE = 1000

Connection = AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacities:
    """How many more deliveries a sender may be given."""

    sizes: Mapping[int, int]  # by endpoint
    holding: frozenset[int]  # which of them are not known to answer soon; whoever is not named here counts as such
    fresh: int  # for an endpoint that is not named
    held: int  # for all that hold, together
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A delivery that is ours until the lease ends."""

    delivery_id: int
    event_key: int  # names the chunk that it is in
    endpoint_id: int
    attempts_made: int
    leased_until: datetime
    event_id: str
    event_type: str
    body: bytes
    leave_by: float = inf  # of `time.monotonic`: later it could still be on its way when the lease ends
    written_at: datetime | None = None  # the event
    mode: str = ""


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

# `waiting` jumps from endpoint to endpoint (`hops.py`); `taken` then locks at most an endpoint's capacity of its due
# ones. It names their events, by which PostgreSQL looks for each in the one chunk that it is in.
_DUE = """LATERAL (
            SELECT id, event_id FROM {deliveries}
            WHERE endpoint_id = served.endpoint_id AND state = 'pending' AND next_attempt_at <= now()
            ORDER BY next_attempt_at LIMIT served.capacity
            FOR UPDATE SKIP LOCKED
        ) AS due""".format_map(_TABLES)
_CLAIM = """
WITH RECURSIVE {waiting}, ready AS (
    SELECT waiting.*, coalesce(capacity.size, %(fresh)s) AS capacity, coalesce(capacity.holding, true) AS holding
    FROM waiting LEFT JOIN unnest(%(endpoints)s::bigint[], %(capacities)s::int[], %(holding)s::bool[])
        AS capacity(endpoint_id, size, holding) ON capacity.endpoint_id = waiting.endpoint_id
    WHERE waiting.next_attempt_at <= now() AND coalesce(capacity.size, %(fresh)s) > 0
), served AS (
    (SELECT * FROM ready WHERE holding ORDER BY next_attempt_at LIMIT %(endpoint_limit)s)
    UNION ALL
    (SELECT * FROM ready WHERE NOT holding ORDER BY next_attempt_at LIMIT %(endpoint_limit)s)
), taken AS (
    SELECT id, event_id FROM (
        (SELECT due.id, due.event_id FROM served, {due} WHERE served.holding LIMIT %(held)s)
        UNION ALL
        (SELECT due.id, due.event_id FROM served, {due} WHERE NOT served.holding)
    ) AS either LIMIT %(limit)s
)
UPDATE {deliveries} AS delivery SET next_attempt_at = now() + %(lease)s, leased = true
FROM taken, {events} AS event
WHERE delivery.id = taken.id AND delivery.event_id = taken.event_id AND event.id = taken.event_id
RETURNING delivery.id, delivery.event_id, delivery.endpoint_id, delivery.attempts_made, delivery.next_attempt_at,
    event.public_id, event.type, event.created_at, event.mode, event.subject, event.subject_sequence,
    event.data::text, (
        SELECT (jsonb_object_agg(field.key, field.value)
            || jsonb_build_object('sequence', max(newest.subject_sequence)))::text
        FROM (
            SELECT data, subject_sequence FROM {events} AS each WHERE each.subject = event.subject
            ORDER BY subject_sequence DESC LIMIT 1
        ) AS newest, jsonb_each(newest.data) AS field
        WHERE field.key = ANY(%(state)s::text[])
    )
""".format_map(_TABLES | {"due": _DUE, "waiting": waiting_endpoints(unless=HELD)})

# Rows that somebody else has locked are left out and named, so that one of them never holds up all the others.
_REPORT = """
WITH outcome AS (
    SELECT * FROM json_to_recordset(%s) AS t(
        id bigint, event bigint, lease timestamptz, state text, attempts int, pause float,
        started_at timestamptz, duration int, code int, problem text, detail text, answer text
    )
), free AS (
    SELECT outcome.*, delivery.next_attempt_at = outcome.lease AS is_ours
    FROM outcome JOIN {deliveries} AS delivery ON delivery.id = outcome.id AND delivery.event_id = outcome.event
    FOR NO KEY UPDATE OF delivery SKIP LOCKED
), moved AS (
    UPDATE {deliveries} AS delivery
    SET state = free.state, attempts_made = free.attempts, leased = false,
        next_attempt_at = now() + free.pause * interval '1 second'
    FROM free WHERE delivery.id = free.id AND delivery.event_id = free.event AND free.is_ours
), recorded AS (
    INSERT INTO {attempts} (delivery_id, started_at, duration_ms, status_code, problem, detail, answer_excerpt)
    SELECT id, started_at, duration, code, problem, detail, answer FROM free
    -- A report whose answer got lost is made again.
    WHERE is_ours OR NOT EXISTS (SELECT FROM {attempts} WHERE delivery_id = free.id AND started_at = free.started_at)
), news AS (
    SELECT * FROM unnest(%s::bigint[], %s::bool[]) AS t(id, took)
), free_endpoint AS (
    SELECT news.* FROM news JOIN {endpoints} AS endpoint ON endpoint.id = news.id
    FOR NO KEY UPDATE OF endpoint SKIP LOCKED
), noted AS (
    UPDATE {endpoints} AS endpoint
    SET last_success_at = CASE WHEN took THEN now() ELSE last_success_at END,
        last_failure_at = CASE WHEN took THEN last_failure_at ELSE now() END,
        -- Of one that is off it must stay known since when it missed what.
        failing_since = CASE WHEN NOT took THEN coalesce(failing_since, now())
            WHEN disabled_at IS NULL THEN NULL ELSE failing_since END,
        warned_at = CASE WHEN took AND disabled_at IS NULL THEN NULL ELSE warned_at END
    FROM free_endpoint WHERE endpoint.id = free_endpoint.id
)
SELECT
    ARRAY(SELECT id FROM outcome WHERE id NOT IN (SELECT id FROM free)
        AND EXISTS (SELECT FROM {deliveries} WHERE id = outcome.id AND event_id = outcome.event)),
    ARRAY(SELECT id FROM news WHERE id NOT IN (SELECT id FROM free_endpoint)
        AND EXISTS (SELECT FROM {endpoints} WHERE id = news.id))
""".format_map(_TABLES)

_GIVE_BACK = """
UPDATE {deliveries} AS delivery SET next_attempt_at = now(), leased = false
FROM unnest(%(ids)s::bigint[], %(events)s::bigint[], %(leases)s::timestamptz[]) AS given(id, event, lease)
WHERE delivery.id = given.id AND delivery.event_id = given.event AND delivery.next_attempt_at = given.lease
""".format_map(_TABLES)

# The lock lets no endpoint be switched on between the look at it and the change: what is set aside before is sent by
# the switching on, what comes after is not set aside. What is on its way at this moment may still arrive.
SET_ASIDE = """
WITH off AS (
    SELECT id FROM {endpoints} WHERE id = ANY(%(endpoints)s) AND (disabled_at IS NOT NULL OR deleted_at IS NOT NULL)
    FOR SHARE SKIP LOCKED
), waiting AS (
    SELECT due.* FROM off, LATERAL (
        SELECT id, event_id FROM {deliveries} WHERE endpoint_id = off.id AND state = 'pending'
            AND NOT (leased AND next_attempt_at > now())
        LIMIT %(batch)s FOR UPDATE SKIP LOCKED
    ) AS due
)
UPDATE {deliveries} AS delivery SET state = 'failed', next_attempt_at = NULL, leased = false
FROM waiting WHERE delivery.id = waiting.id AND delivery.event_id = waiting.event_id
""".format_map(_TABLES)


async def claim_due(connection: Connection, capacities: Capacities) -> list[Claim]:
    """Leases due deliveries, as many as there is capacity for, the longest waiting first; none where all is held."""
    leave_by = time.monotonic() + LEASE.total_seconds() - LONGEST_ATTEMPT_SECONDS
    cursor = await connection.execute(
        _CLAIM,
        {
            "endpoints": list(capacities.sizes),
            "capacities": list(capacities.sizes.values()),
            "holding": [endpoint in capacities.holding for endpoint in capacities.sizes],
            "fresh": capacities.fresh,
            "held": capacities.held,
            "limit": capacities.total,
            "endpoint_limit": ENDPOINTS_A_CLAIM,
            "lease": LEASE,
            "state": list(STATE),
            "host": host(),
        },
    )
    return [_claim(row, leave_by) for row in await cursor.fetchall()]


async def report(
    connection: Connection, outcomes: Sequence[Outcome], health: Mapping[int, bool]
) -> tuple[list[int], list[int]]:
    """Records attempts and what follows: done, tried again later, or given up. May be made twice.

    `health` says of endpoints whether they took a message, as far as it is to be noted with them. Answers which
    deliveries and endpoints somebody else had locked: of them nothing is recorded.
    """
    reports = dumps([_reports(each) for each in outcomes])
    cursor = await connection.execute(_REPORT, [reports, list(health), list(health.values())])
    deliveries, endpoints = (await cursor.fetchall())[0]
    return deliveries, endpoints


async def give_back(connection: Connection, claims: Sequence[Claim]) -> None:
    """Makes claims that did not leave due again at once."""
    given = {
        "ids": [each.delivery_id for each in claims],
        "events": [each.event_key for each in claims],
        "leases": [each.leased_until for each in claims],
    }
    await connection.execute(_GIVE_BACK, given)


async def set_aside(connection: Connection, endpoints: Iterable[int]) -> None:
    """Ends what waits for endpoints that are switched off or deleted; switching on sends it."""
    await connection.execute(SET_ASIDE, {"endpoints": list(endpoints), "batch": SET_ASIDE_AT_ONCE})


def _claim(row: tuple[Any, ...], leave_by: float) -> Claim:
    delivery_id, key, endpoint_id, attempts, lease, event_id, kind, *told = row
    created_at, mode, subject, sequence, data, current = told
    body = wire_body(
        event_id=event_id,
        type=kind,
        created_at=created_at,
        mode=mode,
        subject=subject,
        sequence=sequence,
        position=key,
        data=data,
        current=current,
    )
    return Claim(delivery_id, key, endpoint_id, attempts, lease, event_id, kind, body, leave_by, created_at, mode)


def _reports(outcome: Outcome) -> dict[str, Any]:
    """As one record of JSON: dumping it costs a third of what eleven arrays do."""
    state, pause = _move(outcome)
    return {
        "id": outcome.claim.delivery_id,
        "event": outcome.claim.event_key,
        "lease": outcome.claim.leased_until.isoformat(),
        "state": state.value,
        "attempts": outcome.claim.attempts_made + 1,
        "pause": pause.total_seconds() if pause else None,
        "started_at": outcome.started_at.isoformat(),
        "duration": outcome.duration_ms,
        "code": outcome.status_code,
        "problem": outcome.problem,
        "detail": outcome.detail,
        "answer": outcome.answer_excerpt,
    }


def _move(outcome: Outcome) -> tuple[DeliveryState, timedelta | None]:
    """The state that follows, and in how long it is due again."""
    if outcome.succeeded:
        return DeliveryState.SUCCEEDED, None
    pause = None if outcome.problem == Problem.GONE else retry_after(outcome.claim.attempts_made + 1)
    if pause is None or outcome.claim.event_type == EventType.ENDPOINT_TEST:
        return DeliveryState.FAILED, None
    return DeliveryState.PENDING, pause
