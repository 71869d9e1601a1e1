"""One statement for a batch of overdue sessions that nobody ever picked an option for: most of those that expire.

Nothing can have come for them, so there is nothing to evaluate. What is written is what `lifecycle` writes: the state,
a row of the timeline, the event and its deliveries, by the same texts (`timeline`, `outbox`); a test compares both. A
backlog of 100,000 (after a night's downtime, say) takes seconds in place of minutes (`python -m bench expiry`).
"""

from datetime import datetime
from typing import Any

from django.db import connection

from common.api.exact_json import dumps
from sessions_app.models import CheckoutSession
from sessions_app.state.representation import represent_end
from sessions_app.state.timeline import TIMELINE
from webhooks_app.event_types import EventType
from webhooks_app.events.outbox import EVENTS_AND_DELIVERIES
from webhooks_app.models import Event

# Right after many rows came, PostgreSQL knows too little of them and would sort and join all there are for each batch
# (four times as long). So the batch is read in the order of the index of what is due, and all else by key, row by row.
_BY_INDEX = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off"
_STATEMENT = """
WITH due AS (
    SELECT id FROM {sessions} AS session
    WHERE status = 'open' AND expires_at <= %(now)s
        -- Only its creation was sent, and that snapshot is the session as it is.
        AND quote_id IS NULL AND event_count = 1 AND ended_by IS NULL
        -- Nor was it changed, and no address of another was taken over, to which money may have come.
        AND updated_at = created_at AND supersedes IS NULL
        AND EXISTS (SELECT FROM {events} WHERE subject = session.public_id AND subject_sequence = 1 OFFSET 0)
    ORDER BY expires_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), ended AS (
    UPDATE {sessions}
    SET status = 'expired', ended_by = 'expired', ended_at = expires_at, updated_at = %(now)s, event_count = 2
    WHERE id = ANY(ARRAY(SELECT id FROM due))
    RETURNING id, public_id, merchant_id, mode
), moved AS (
    SELECT id AS session_id, 'open' AS from_status, 'expired' AS to_status, 'unpaid' AS payment_status, NULL AS issue,
        FALSE AS needs_decision, %(reason)s::text AS reason, '' AS actor, %(now)s::timestamptz AS at
    FROM ended
), change AS ({timeline}), happened AS (
    SELECT merchant_id, mode, %(type)s::text AS type, public_id AS subject, 2 AS sequence,
        (SELECT data FROM {events} WHERE subject = ended.public_id AND subject_sequence = 1)
            || %(what_changes)s::jsonb AS data
    FROM ended
), {events_and_deliveries}
SELECT (SELECT count(*) FROM ended), (SELECT count(*) FROM delivery)
"""


def expire_untouched(limit: int, *, reason: str, now: datetime) -> tuple[int, int]:
    """How many sessions were expired, and how many deliveries became due by it. Call it in a transaction of its own."""
    statement = _STATEMENT.format(
        sessions=CheckoutSession._meta.db_table,
        events=Event._meta.db_table,
        timeline=TIMELINE,
        events_and_deliveries=EVENTS_AND_DELIVERIES,
    )
    given: dict[str, Any] = {
        "now": now,
        "limit": limit,
        "reason": reason,
        "type": EventType.CHECKOUT_EXPIRED,
        "what_changes": dumps(represent_end(now)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_BY_INDEX)
        cursor.execute(statement, given)
        expired, deliveries = cursor.fetchone()
    return int(expired), int(deliveries)
