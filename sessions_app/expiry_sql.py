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

_STATEMENT = """
WITH due AS (
    SELECT session.id, created.data
    FROM {sessions} AS session JOIN {events} AS created ON created.subject = session.public_id
        AND created.subject_sequence = 1
    WHERE session.status = 'open' AND session.expires_at <= %(now)s
        -- Only its creation was told of it, and that snapshot is the session as it is.
        AND session.quote_id IS NULL AND session.event_count = 1 AND session.ended_by IS NULL
    ORDER BY session.expires_at LIMIT %(limit)s
    FOR UPDATE OF session SKIP LOCKED
), ended AS (
    UPDATE {sessions} AS session
    SET status = 'expired', ended_by = 'expired', ended_at = expires_at, updated_at = %(now)s, event_count = 2
    FROM due WHERE session.id = due.id
    RETURNING session.id, session.public_id, session.merchant_id, session.mode, due.data
), change AS (
    INSERT INTO {changes} (session_id, from_status, to_status, payment_status, needs_decision, reason, actor, at)
    SELECT id, 'open', 'expired', 'unpaid', false, %(reason)s, '', %(now)s FROM ended
), event AS (
    INSERT INTO {events} (public_id, merchant_id, mode, type, subject, subject_sequence, data, created_at)
    SELECT 'evt_' || replace(gen_random_uuid()::text, '-', ''), merchant_id, mode, %(type)s, public_id, 2,
        data || jsonb_build_object('status', 'expired', 'updatedAt', %(updated_at)s::text), %(now)s
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
    """How many sessions were expired, and how many deliveries became due by it."""
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
        cursor.execute(statement, given)
        expired, deliveries = cursor.fetchone()
    return int(expired), int(deliveries)
