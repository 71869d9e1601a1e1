"""One round trip for a new session: the customer, the session, its first timeline row, its first event and deliveries,
and the answer that a repeated request gets.

The ORM would take nine statements for what stands here as one; on the create call, round trips are what costs
(`bench/api.py`). The same rows are written by `lifecycle`, `outbox` and `idempotency` everywhere else; tests compare.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection, models

from common.hand_sql import prepared_cursor, set_related
from common.public_ids import new_delivery_id
from merchants_app.idempotency import Claim
from merchants_app.models import IdempotencyRecord, Treasury
from sessions_app.models import CheckoutSession, Customer, Decision, Payment, StatusChange
from webhooks_app.models import Delivery, Event, WebhookEndpoint

# Nothing is written when a live session has the reference, the request has an answer, or no treasury is in force
# (`treasury_for`): then all that builds on `wallet` is empty. Two at the same moment show as a conflict: for the
# reference nothing is written either, for the answer an error undoes all.
# The customer's id is only known here; the JSON comes with a made-up one, which is as good as any for a new customer.
_STATEMENT = """
WITH wallet AS (
    SELECT id FROM {treasuries}
    WHERE merchant_id = %(merchant)s::bigint AND mode = %(mode)s::text AND withdrawn_at IS NULL
      AND active_from <= %(now)s::timestamptz
      AND NOT EXISTS (
        SELECT FROM {sessions} WHERE merchant_id = %(merchant)s::bigint AND mode = %(mode)s::text
          AND reference = %(reference)s::text AND status IN ('open', 'processing') AND ended_by IS NULL
      )
      AND NOT EXISTS (
        SELECT FROM {answers} WHERE merchant_id = %(merchant)s::bigint AND mode = %(mode)s::text
          AND key = %(idempotency_key)s::text
      )
    ORDER BY active_from DESC, id DESC LIMIT 1
), known AS (
    SELECT id, public_id FROM {customers}
    WHERE merchant_id = %(merchant)s::bigint AND mode = %(mode)s::text AND lower(email) = lower(%(email)s::text)
), renamed AS (
    UPDATE {customers} SET name = %(name)s::text FROM known, wallet
    WHERE {customers}.id = known.id AND name <> %(name)s::text
), made AS (
    INSERT INTO {customers} (public_id, merchant_id, mode, email, name, created_at)
    SELECT %(new_customer_id)s::text, %(merchant)s::bigint, %(mode)s::text, %(email)s::text, %(name)s::text,
        %(now)s::timestamptz
    FROM wallet WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (merchant_id, mode, lower(email)) DO UPDATE SET name = EXCLUDED.name
    RETURNING id, public_id
), customer AS (
    SELECT * FROM known UNION ALL SELECT * FROM made
), session AS (
    INSERT INTO {sessions} ({session_columns}, customer_id, treasury_id)
    SELECT {session_values}, customer.id, wallet.id FROM customer, wallet
    ON CONFLICT DO NOTHING
    RETURNING id, treasury_id
), told AS (
    SELECT session.id AS session_id, replace(%(told)s::text, %(new_customer_id)s::text, customer.public_id) AS text
    FROM session, customer
), change AS (
    INSERT INTO {changes} ({change_columns}, session_id)
    SELECT {change_values}, session.id FROM session
), event AS (
    INSERT INTO {events} ({event_columns}, data)
    SELECT {event_values}, told.text::jsonb FROM told
    RETURNING id
), delivery AS (
    INSERT INTO {deliveries} (public_id, event_id, endpoint_id, state, attempts_made, next_attempt_at, created_at)
    SELECT %(delivery_prefix)s::text || endpoint.id, event.id, endpoint.id, 'pending', 0, %(now)s::timestamptz,
        %(now)s::timestamptz
    FROM event, {endpoints} AS endpoint
    WHERE endpoint.merchant_id = %(merchant)s::bigint AND endpoint.mode = %(mode)s::text
      AND endpoint.deleted_at IS NULL AND endpoint.disabled_at IS NULL
      AND (endpoint.events = '{{}}' OR %(event_type)s::text = ANY(endpoint.events))
    RETURNING id
), answered AS (
    INSERT INTO {answers} (merchant_id, mode, key, fingerprint, status_code, body, created_at)
    SELECT %(merchant)s::bigint, %(mode)s::text, %(idempotency_key)s::text, %(fingerprint)s::text, 200,
        convert_to(told.text, 'UTF8'), %(now)s::timestamptz
    FROM told WHERE %(idempotency_key)s::text IS NOT NULL
)
SELECT session.id, session.treasury_id, customer.id, customer.public_id, (SELECT count(*) FROM delivery)
FROM session, customer
"""
# Column → parameter, for values that several rows have in common.
_SHARED = {
    "merchant_id": "merchant", "mode": "mode", "reference": "reference", "email": "email", "name": "name",
    "created_at": "now", "updated_at": "now", "at": "now",
}  # fmt: skip
_ALL_SHARED = frozenset(_SHARED.values())
_SESSION_SKIPS = frozenset({"id", "customer_id", "treasury_id"})
_CHANGE_SKIPS = frozenset({"id", "session_id"})
_EVENT_SKIPS = frozenset({"id", "data", "written_at"})


@dataclass(frozen=True, slots=True)
class Inserted:
    """What came of it."""

    text: str  # the session's JSON as it was told and stored
    deliveries: int  # how many became due


def insert_session(
    session: CheckoutSession, change: StatusChange, event: Event, *, told: str, claim: Claim | None
) -> Inserted | None:
    """Writes all of it and sets the session's keys; None, and nothing written, when it may not be made now.

    `told` is the session's JSON, for which its customer's public id must be one just made up. With `claim` the JSON is
    kept as the answer to the request; raises IntegrityError, and nothing is written, when that has an answer already.
    """
    made_up = session.customer.public_id
    given = {
        **_values(session, _SESSION_SKIPS),
        **_values(change, _CHANGE_SKIPS),
        **_values(event, _EVENT_SKIPS),
        "merchant": session.merchant_id,
        "mode": session.mode,
        "reference": session.reference,
        "email": session.email,
        "name": session.name,
        "now": session.created_at,
        "new_customer_id": made_up,
        "told": told,
        "delivery_prefix": new_delivery_id(),
        "event_type": event.type,
        "idempotency_key": claim.idempotency_key if claim else None,
        "fingerprint": claim.fingerprint if claim else None,
    }
    with prepared_cursor() as cursor:
        cursor.execute(_statement(), given)
        row = cursor.fetchone()
    if row is None:
        return None
    session.pk, session.treasury_id, customer_key, customer_id, deliveries = row
    session.customer = Customer(pk=customer_key, public_id=customer_id, email=session.email, name=session.name)
    session._state.adding = False
    # A session just born has neither: nobody needs to ask the database for them.
    set_related(session, "payments", [], Payment)
    set_related(session, "decisions", [], Decision)
    return Inserted(told.replace(made_up, customer_id), deliveries)


@lru_cache(maxsize=1)
def _statement() -> str:
    return _STATEMENT.format(
        treasuries=Treasury._meta.db_table,
        customers=Customer._meta.db_table,
        sessions=CheckoutSession._meta.db_table,
        changes=StatusChange._meta.db_table,
        events=Event._meta.db_table,
        deliveries=Delivery._meta.db_table,
        endpoints=WebhookEndpoint._meta.db_table,
        answers=IdempotencyRecord._meta.db_table,
        session_columns=_columns(CheckoutSession, _SESSION_SKIPS),
        session_values=_placeholders(CheckoutSession, _SESSION_SKIPS),
        change_columns=_columns(StatusChange, _CHANGE_SKIPS),
        change_values=_placeholders(StatusChange, _CHANGE_SKIPS),
        event_columns=_columns(Event, _EVENT_SKIPS),
        event_values=_placeholders(Event, _EVENT_SKIPS),
    )


@lru_cache(maxsize=8)
def _fields(model: type[models.Model], skip: frozenset[str]) -> list[tuple[str, str, Any]]:
    """Parameter, attribute and field of each column."""
    return [
        (_SHARED.get(str(field.column), f"{model._meta.model_name}_{field.column}"), field.attname, field)
        for field in model._meta.concrete_fields
        if field.column not in skip
    ]


def _columns(model: type[models.Model], skip: frozenset[str]) -> str:
    return ", ".join(str(field.column) for _, _, field in _fields(model, skip))


def _placeholders(model: type[models.Model], skip: frozenset[str]) -> str:
    return ", ".join(
        f"%({name})s::{field.rel_db_type(connection) if field.is_relation else field.db_type(connection)}"
        for name, _, field in _fields(model, skip)
    )


def _values(row: models.Model, skip: frozenset[str]) -> dict[str, Any]:
    """By parameter. psycopg takes most values as they are."""
    return {
        name: field.get_db_prep_save(getattr(row, attribute), connection)
        if isinstance(field, models.JSONField)
        else getattr(row, attribute)
        for name, attribute, field in _fields(type(row), skip)
        if name not in _ALL_SHARED
    }
