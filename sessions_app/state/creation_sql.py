"""One round trip for a new session: the customer, the session, its first timeline row, its first event and deliveries,
and the answer that a repeated request gets.

The ORM takes nine statements for what stands here as one, and four times as long: 198 ms to 48 for a session, side by
side on a busy machine (the way row by row is kept in `test_fast_paths.py`, where both must write the same). How an
event, its deliveries and a timeline's row are written is said by `outbox` and `timeline`.
"""

import re
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import connection
from psycopg.sql import Literal

from common.api.exact_json import dumps
from common.database import fetch
from common.measures.counted import Stage, reached_on_commit
from merchants_app.models import IdempotencyRecord
from merchants_app.requests.idempotency import Claim
from merchants_app.treasuries.treasuries import IN_FORCE
from sessions_app.models import CheckoutSession, Customer
from sessions_app.state.customers import BY_EMAIL
from sessions_app.state.representation import represent
from sessions_app.state.timeline import TIMELINE
from sessions_app.status import COVERED
from webhooks_app.event_types import EventType
from webhooks_app.events.outbox import EVENTS_AND_DELIVERIES, nudge_on_commit

# Nothing is written when no treasury is in force (`treasury_for`) or a live or paid session has the reference: all
# builds on `session`, the customer's row, too, whose id is therefore drawn first. That the request has an answer shows
# last, as an error that undoes all: it is rare, and looking for it first would cost every new session.
# `others` waits for whoever is changing a session of the reference, and then sees it as it has become.
# The customer's id is only known here; the JSON comes with a made-up one, which is as good as any for a new customer.
# `known` waits for who is erasing the customer, and then finds none; the foreign key takes the same lock.
# `customer` is new, or has another name than before where that is taken over. If another request has just made the same
# one, the session says a number that will be nobody's: a name of NULL is the error that undoes all, and the next try
# knows the customer.
_STATEMENT = """
WITH known AS (
    {customer_by_email}
    FOR KEY SHARE
), others AS (
    SELECT status FROM {sessions}
    WHERE merchant_id = %(merchant)s::bigint AND mode = %(mode)s::text AND reference = %(reference)s::text
    ORDER BY id FOR KEY SHARE
), session AS (
    INSERT INTO {sessions} ({first_columns}, {session_columns}, customer_id, treasury_id)
    SELECT {first_values}, {session_values}, wallet.customer_id, wallet.id
    FROM (
        SELECT id, COALESCE((SELECT id FROM known), nextval(pg_get_serial_sequence('{customers}', 'id'))) AS customer_id
        FROM ({treasury_in_force}) AS treasury
    ) AS wallet
    WHERE %(repeats)s::boolean OR NOT EXISTS (SELECT FROM others WHERE status IN ({covered}))
    ON CONFLICT DO NOTHING -- nobody has its random ids: what is in the way is who holds its reference
    RETURNING id, treasury_id, customer_id, status, payment_status, issue, needs_decision
), customer AS (
    INSERT INTO {customers} AS kept (id, public_id, merchant_id, mode, email, name, created_at)
    SELECT session.customer_id, %(new_customer_id)s::text, %(merchant)s::bigint, %(mode)s::text, %(email)s::text,
        %(name)s::text, %(now)s::timestamptz
    FROM session WHERE NOT EXISTS (SELECT FROM known WHERE name = %(name)s::text OR NOT %(renames)s::boolean)
    ON CONFLICT (merchant_id, mode, lower(email)) WHERE email <> '' DO UPDATE
      SET name = CASE WHEN kept.id = EXCLUDED.id THEN EXCLUDED.name END
), body AS (
    SELECT session.id AS session_id, session.treasury_id, session.customer_id,
        COALESCE(known.public_id, %(new_customer_id)s::text) AS public_id,
        replace(%(body)s::text, %(new_customer_id)s::text, COALESCE(known.public_id, %(new_customer_id)s::text)) AS text
    FROM session LEFT JOIN known ON TRUE
), moved AS (
    SELECT id AS session_id, '' AS from_status, status AS to_status, payment_status, issue, needs_decision,
        %(reason)s::text AS reason, %(actor)s::text AS actor, %(now)s::timestamptz AS at
    FROM session
), change AS ({timeline}), happened AS (
    SELECT %(merchant)s::bigint AS merchant_id, %(mode)s::text AS mode, %(event_type)s::text AS type,
        %(public_id)s::text AS subject, 1 AS sequence, body.text::jsonb AS data
    FROM body
), {events_and_deliveries}, answered AS (
    INSERT INTO {answers} (merchant_id, mode, key, fingerprint, status_code, body, is_encrypted, created_at)
    SELECT %(merchant)s::bigint, %(mode)s::text, %(idempotency_key)s::text, %(fingerprint)s::text, 200,
        convert_to(body.text, 'UTF8'), FALSE, %(now)s::timestamptz
    FROM body WHERE %(idempotency_key)s::text IS NOT NULL
)
SELECT session_id, treasury_id, customer_id, public_id, EXISTS (SELECT FROM delivery)
FROM body
"""
# Column → parameter, for values that several rows have in common.
_SHARED = {
    "merchant_id": "merchant", "mode": "mode", "reference": "reference", "email": "email", "name": "name",
    "created_at": "now", "updated_at": "now",
}  # fmt: skip
_ALL_SHARED = frozenset(_SHARED.values())
# What every session is at first is what its model says: no parameter each time.
_AT_FIRST = frozenset({
    "status", "payment_status", "issue", "needs_decision", "refund_address", "others_wait", "moved_by", "quote_id",
    "payment_link_id", "held_until", "ended_by", "ended_at", "completed_at", "stands_still_since", "superseded_by",
    "order_paid_by", "opened_at",
})  # fmt: skip
_LENGTH = re.compile(r"\(.*?\)")
_NOT_GIVEN = {"id", "customer_id", "treasury_id", *_AT_FIRST}


def open_session(
    session: CheckoutSession,
    *,
    actor: str,
    claim: Claim | None = None,
    renames_customer: bool = True,
    allow_repeat: bool = False,
) -> str | None:
    """Writes a new session with its customer, the first row of its timeline and its first event, in one round trip.

    Sets the session's keys, its customer's and its treasury, and returns its JSON; None, and nothing is written, when a
    live session has its reference, or a paid one and not `allow_repeat`, or when its merchant has no treasury. A
    customer who is known takes the session's name over, or with `renames_customer` off keeps the one they have. With
    `claim` the JSON is kept as the request's answer. Raises IntegrityError, and nothing is written, when it has one, or
    another request is making the same new customer at this moment.
    """
    session.event_count = 1
    body, customer = dumps(represent(session)), session.customer
    made_up = customer.public_id
    given = _given(session) | {
        "reason": f"Created in place of {session.supersedes}." if session.supersedes else "Created.",
        "actor": actor,
        "renames": renames_customer,
        "repeats": allow_repeat,
        "new_customer_id": made_up,
        "body": body,
        "event_type": EventType.CHECKOUT_CREATED,
        "idempotency_key": claim.idempotency_key if claim else None,
        "fingerprint": claim.fingerprint if claim else None,
    }
    found = fetch(_statement(), given)
    if not found:
        return None
    session.pk, session.treasury_id, customer.pk, customer.public_id, has_deliveries = found[0]
    session.customer = customer
    if has_deliveries:
        nudge_on_commit()
    reached_on_commit(Stage.CREATED, mode=session.mode)
    return body.replace(made_up, customer.public_id)


def _given(session: CheckoutSession) -> dict[str, Any]:
    """What the session itself says, by parameter."""
    names, values_of = _own_fields()
    return {
        **dict(zip(names, values_of(session), strict=True)),
        "metadata": dumps(session.metadata),
        "confirmations": dumps(session.confirmations),
        "merchant": session.merchant_id,
        "mode": session.mode,
        "reference": session.reference,
        "email": session.email,
        "name": session.name,
        "now": session.created_at,
    }


@lru_cache(maxsize=1)
def _statement() -> str:
    first = {
        field.column: Literal(value).as_string()
        for field in CheckoutSession._meta.concrete_fields
        # NULL is what PostgreSQL puts where nothing is said.
        if field.column in _AT_FIRST and (value := field.get_default()) is not None
    }
    return _STATEMENT.format(
        treasury_in_force=IN_FORCE,
        customers=Customer._meta.db_table,
        customer_by_email=BY_EMAIL,
        sessions=CheckoutSession._meta.db_table,
        timeline=TIMELINE,
        events_and_deliveries=EVENTS_AND_DELIVERIES,
        answers=IdempotencyRecord._meta.db_table,
        covered=", ".join(Literal(each.value).as_string() for each in COVERED),
        first_columns=", ".join(first),
        first_values=", ".join(first.values()),
        session_columns=", ".join(str(field.column) for _, field in _session_fields()),
        session_values=", ".join(f"%({name})s::{_type_of(field)}" for name, field in _session_fields()),
    )


def _type_of(field: Any) -> str:
    """The column's type without a length: a cast to it would cut off what is longer."""
    return _LENGTH.sub("", field.rel_db_type(connection) if field.is_relation else field.db_type(connection))


@lru_cache(maxsize=1)
def _session_fields() -> list[tuple[str, Any]]:
    """The session's columns as far as they are given: parameter and field."""
    return [
        (_SHARED.get(str(field.column), str(field.column)), field)
        for field in CheckoutSession._meta.concrete_fields
        if field.column not in _NOT_GIVEN
    ]


@lru_cache(maxsize=1)
def _own_fields() -> tuple[list[str], "attrgetter[tuple[Any, ...]]"]:
    """The parameters that are the session's alone, and what takes their values from it."""
    fields = [(name, field) for name, field in _session_fields() if name not in _ALL_SHARED]
    return [name for name, _ in fields], attrgetter(*(field.attname for _, field in fields))
