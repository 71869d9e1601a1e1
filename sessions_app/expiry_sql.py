"""One statement for a batch of overdue sessions that nobody ever picked an option for: most of those that expire.

Nothing can have come for them, so there is nothing to evaluate. What is written is what `lifecycle` writes: the state,
a row of the timeline, the event and its deliveries; a test compares both. A backlog of 100,000 (after a night's
downtime, say) takes seconds in place of minutes (`bench/expiry.py`).
"""

from datetime import datetime
from typing import Any

from django.db import connection

from common.moments import iso
from sessions_app.models import CheckoutSession, StatusChange
from webhooks_app.event_types import EventType
from webhooks_app.models import Delivery, Event, WebhookEndpoint

# Right after many rows came, PostgreSQL knows too little of them and would sort and join all there are for each batch
# (four times as long). So the batch is read in the order of the index of what is due, and all else by key, row by row.
_BY_INDEX = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off"
_STATEMENT = """
WITH due AS (
    SELECT id FROM {sessions} AS session
    WHERE status = 'open' AND expires_at <= %(now)s
        -- Only its creation was told of it, and that snapshot is the session as it is.
        AND quote_id IS NULL AND event_count = 1 AND ended_by IS NULL
        AND EXISTS (SELECT FROM {events} WHERE subject = session.public_id AND subject_sequence = 1 OFFSET 0)
    ORDER BY expires_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), ended AS (
    UPDATE {sessions}
    SET status = 'expired', ended_by = 'expired', ended_at = expires_at, updated_at = %(now)s, event_count = 2
    WHERE id = ANY(ARRAY(SELECT id FROM due))
    RETURNING id, public_id, merchant_id, mode
), change AS (
    INSERT INTO {changes} (session_id, from_status, to_status, payment_status, needs_decision, reason, actor, at)
    SELECT id, 'open', 'expired', 'unpaid', false, %(reason)s, '', %(now)s FROM ended
), event AS (
    INSERT INTO {events} (public_id, merchant_id, mode, type, subject, subject_sequence, data, created_at)
    SELECT 'evt_' || replace(gen_random_uuid()::text, '-', ''), merchant_id, mode, %(type)s, public_id, 2,
        (SELECT data FROM {events} WHERE subject = ended.public_id AND subject_sequence = 1)
            || jsonb_build_object('status', 'expired', 'updatedAt', %(updated_at)s::text), %(now)s
    FROM ended
    RETURNING id, merchant_id, mode
), delivery AS (
    INSERT INTO {deliveries} (public_id, event_id, endpoint_id, state, attempts_made, next_attempt_at, created_at)
    SELECT 'dlv_' || replace(gen_random_uuid()::text, '-', ''), event.id, endpoint.id, 'pending', 0, %(now)s, %(now)s
    FROM event JOIN {endpoints} AS endpoint USING (merchant_id, mode)
    WHERE endpoint.deleted_at IS NULL
        AND (endpoint.events = '{{}}' OR %(type)s = ANY(endpoint.events))
    RETURNING id
)
SELECT (SELECT count(*) FROM ended), (SELECT count(*) FROM delivery)
"""


def expire_untouched(limit: int, *, reason: str, now: datetime) -> tuple[int, int]:
    """How many sessions were expired, and how many deliveries became due by it. Call it in a transaction of its own."""
    statement = _STATEMENT.format(
        sessions=CheckoutSession._meta.db_table,
        changes=StatusChange._meta.db_table,
        events=Event._meta.db_table,
        deliveries=Delivery._meta.db_table,
        endpoints=WebhookEndpoint._meta.db_table,
    )
    given: dict[str, Any] = {
        "now": now,
        "limit": limit,
        "reason": reason,
        "type": EventType.CHECKOUT_EXPIRED,
        "updated_at": iso(now),
    }
    with connection.cursor() as cursor:
        cursor.execute(_BY_INDEX)
        cursor.execute(statement, given)
        expired, deliveries = cursor.fetchone()
    return int(expired), int(deliveries)
