"""What a change of a session leaves: a row of its timeline, and the events that it sends.

How a row is written is one text, which every statement that moves sessions includes.
"""

from collections.abc import Sequence

from django.db import connection

from sessions_app.models import StatusChange
from sessions_app.state.evaluation import Verdict
from sessions_app.status import PaymentStatus, Status, is_live
from webhooks_app.event_types import EventType

# ruff: noqa: S608  (what is put into the statements are names of our own)
_FIELDS = {
    "session_id": "bigint", "from_status": "text", "to_status": "text", "payment_status": "text", "issue": "text",
    "needs_decision": "boolean", "reason": "text", "actor": "text", "at": "timestamptz",
}  # fmt: skip
_COLUMNS = ", ".join(_FIELDS)

# It notes `moved`, a part of a WITH before it with the columns above, row by row as it has them.
TIMELINE = f"INSERT INTO {StatusChange._meta.db_table} ({_COLUMNS}) SELECT {_COLUMNS} FROM moved"

# Back to open has none of its own: what led there (`payment.reversed`, `checkout.issue_resolved`) is sent.
STATUS_EVENTS: dict[Status, EventType] = {
    Status.PROCESSING: EventType.CHECKOUT_PROCESSING,
    Status.COMPLETED: EventType.CHECKOUT_COMPLETED,
    Status.EXPIRED: EventType.CHECKOUT_EXPIRED,
    Status.CANCELLED: EventType.CHECKOUT_CANCELLED,
}

_RECORD = f"""
WITH moved AS (
    SELECT * FROM ROWS FROM ({", ".join(f"unnest(%({name})s::{kind}[])" for name, kind in _FIELDS.items())})
        WITH ORDINALITY AS new ({_COLUMNS}, place)
    ORDER BY place
)
{TIMELINE}
"""


def record_changes(changes: Sequence[StatusChange]) -> None:
    """Writes them in order."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, {name: [getattr(each, name) for each in changes] for name in _FIELDS})


def events_on_moving(*, vanished: bool) -> list[EventType]:
    """Sent first: why the state changed. It shows the state after the first step, as nothing else reports going back to
    open."""
    return [EventType.PAYMENT_REVERSED] if vanished else []


def events_after_moving(before: Verdict, after: Verdict, *, arrived: bool) -> list[EventType]:
    """Sent last, with the state as it now is."""
    found = []
    if arrived and is_live(after.status) and after.payment_status == PaymentStatus.PARTIAL:
        found.append(EventType.CHECKOUT_PARTIALLY_PAID)
    if after.needs_decision and (arrived or not before.needs_decision or before.issue != after.issue):
        found.append(EventType.CHECKOUT_ISSUE_OPENED)
    if before.needs_decision and not after.needs_decision:
        found.append(EventType.CHECKOUT_ISSUE_RESOLVED)
    return found
