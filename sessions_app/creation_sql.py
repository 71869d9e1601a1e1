"""One round trip for a new session: the customer, the session, its first timeline row, its first event and deliveries.

The ORM would take eight statements for what stands here as one; on the create call, round trips are what costs
(`bench/api.py`). The same rows are written by `lifecycle` and `outbox` everywhere else; a test compares both.
"""

from typing import Any

from django.db import connection, models

from common.public_ids import new_customer_id, new_delivery_id
from sessions_app.models import CheckoutSession, Customer, Decision, Payment, StatusChange
from webhooks_app.models import Delivery, Event, WebhookEndpoint

_STATEMENT = """
WITH known AS (
    SELECT id, public_id FROM {customers}
    WHERE merchant_id = %(merchant)s AND mode = %(mode)s AND lower(email) = lower(%(email)s)
), renamed AS (
    UPDATE {customers} SET name = %(name)s FROM known WHERE {customers}.id = known.id AND name <> %(name)s
), made AS (
    INSERT INTO {customers} (public_id, merchant_id, mode, email, name, created_at)
    SELECT %(new_customer_id)s, %(merchant)s, %(mode)s, %(email)s, %(name)s, %(now)s
    WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (merchant_id, mode, lower(email)) DO UPDATE SET name = EXCLUDED.name
    RETURNING id, public_id
), customer AS (
    SELECT * FROM known UNION ALL SELECT * FROM made
), session AS (
    INSERT INTO {sessions} ({session_columns})
    SELECT {session_values} FROM customer
    RETURNING id
), change AS (
    INSERT INTO {changes} (session_id, {change_columns})
    SELECT session.id, {change_values} FROM session
), event AS (
    INSERT INTO {events} ({event_columns}, data)
    SELECT {event_values}, %(data)s || jsonb_build_object(
        'customerId', customer.public_id,
        'customer', jsonb_build_object('id', customer.public_id, 'email', %(email)s::text, 'name', %(name)s::text)
    ) FROM session, customer
    RETURNING id
), delivery AS (
    INSERT INTO {deliveries} (public_id, event_id, endpoint_id, state, attempts_made, next_attempt_at, created_at)
    SELECT %(delivery_prefix)s || endpoint.id, event.id, endpoint.id, 'pending', 0, %(now)s, %(now)s
    FROM event, {endpoints} AS endpoint
    WHERE endpoint.merchant_id = %(merchant)s AND endpoint.mode = %(mode)s
      AND endpoint.deleted_at IS NULL AND endpoint.disabled_at IS NULL
      AND (endpoint.events = '{{}}' OR %(event_type)s = ANY(endpoint.events))
    RETURNING id
)
SELECT session.id, customer.id, customer.public_id, (SELECT count(*) FROM delivery) FROM session, customer
"""


def insert_session(session: CheckoutSession, change: StatusChange, event: Event) -> int:
    """Writes all of it; sets the session's and the customer's ids. Returns how many deliveries became due.

    `event.data` is the session's representation; who the customer is, is only known in the database and filled in
    there. Raises IntegrityError when another live session has the reference.
    """
    named = _Parameters()
    statement = _STATEMENT.format(
        customers=Customer._meta.db_table,
        sessions=CheckoutSession._meta.db_table,
        changes=StatusChange._meta.db_table,
        events=Event._meta.db_table,
        deliveries=Delivery._meta.db_table,
        endpoints=WebhookEndpoint._meta.db_table,
        session_columns=_columns(session, skip=("id",)),
        session_values=named.values(session, skip=("id",), instead={"customer_id": "customer.id"}),
        change_columns=_columns(change, skip=("id", "session_id")),
        change_values=named.values(change, skip=("id", "session_id")),
        event_columns=_columns(event, skip=("id", "data", "written_at")),
        event_values=named.values(event, skip=("id", "data", "written_at")),
    )
    named.given |= {
        "merchant": session.merchant_id,
        "mode": session.mode,
        "email": session.email,
        "name": session.name,
        "now": session.created_at,
        "new_customer_id": new_customer_id(),
        "delivery_prefix": new_delivery_id(),
        "event_type": event.type,
        "data": _prepared(event, Event._meta.get_field("data")),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, named.given)
        session.pk, customer_key, customer_id, deliveries = cursor.fetchone()
    session.customer = Customer(pk=customer_key, public_id=customer_id, email=session.email, name=session.name)
    session._state.adding = False
    # A session just born has neither: nobody needs to ask the database for them.
    # (Django's own place for what `prefetch_related` found; the stubs do not know it.)
    session.__dict__["_prefetched_objects_cache"] = {
        "payments": Payment.objects.none(),
        "decisions": Decision.objects.none(),
    }
    return int(deliveries)


class _Parameters:
    """Collects the values of rows under names of their own."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    def values(self, row: models.Model, *, skip: tuple[str, ...], instead: dict[str, str] | None = None) -> str:
        """Placeholders for the row's columns, in the order of `_columns`; `instead` gives columns SQL of their own."""
        others = instead or {}
        return ", ".join(others.get(str(field.column)) or self._hold(row, field) for field in _fields(row, skip))

    def _hold(self, row: models.Model, field: "models.Field[Any, Any]") -> str:
        name = f"{row._meta.model_name}_{field.column}"
        self.given[name] = _prepared(row, field)
        # In a SELECT list PostgreSQL does not know what type an untyped value is to become.
        return f"%({name})s::{field.rel_db_type(connection) if field.is_relation else field.db_type(connection)}"


def _fields(row: models.Model, skip: tuple[str, ...]) -> "list[models.Field[Any, Any]]":
    return [field for field in row._meta.concrete_fields if field.column not in skip]


def _columns(row: models.Model, *, skip: tuple[str, ...]) -> str:
    return ", ".join(str(field.column) for field in _fields(row, skip))


def _prepared(row: models.Model, field: Any) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)
