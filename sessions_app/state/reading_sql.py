"""Sessions with all that their representation needs, in one round trip: building statements is what costs otherwise.

(`python -m bench api`: the ORM took 6 of a get's 7 ms.) Payments, decisions and refunds are asked for only where there
are any. The test compares each session with what the ORM reads.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, get_type_hints

from chains_app.networks.networks import all_networks
from common.api.exact_json import ExactDecoder, dumps
from common.database import fetch
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Customer, Decision, DepositAddress, Payment, Quote, Refund
from sessions_app.state.customers import BY_EMAIL
from sessions_app.state.session_view import (
    CustomerView,
    DecisionView,
    DepositView,
    PaymentView,
    QuoteView,
    RefundView,
    SessionView,
)

T = TypeVar("T")
_exact = ExactDecoder().decode


def _columns(view: Any, alias: str) -> str:
    """`alias.column, …` of a view's fields, in their order."""
    names = [name for name in get_type_hints(view) if name not in _APART]
    return ", ".join(f"{alias}.{name}::text" if name in _JSON else f"{alias}.{name}" for name in names)


# The session's fields that are records of their own; they come last.
_APART = {"customer", "deposit", "quote", "payments", "decisions", "refunds"}
_JSON = {"metadata", "provenance"}
_LENGTH = len(get_type_hints(SessionView)) - len(_APART)
# ruff: noqa: S608  (what is put into the statements are names of our own)
_SELECT = f"""
SELECT {_columns(SessionView, "session")}, customer.public_id, deposit.address, {_columns(QuoteView, "quote")},
    deposit.id IS NOT NULL AND EXISTS (SELECT FROM {Payment._meta.db_table} WHERE session_id = session.id)
FROM {CheckoutSession._meta.db_table} AS session
JOIN {Customer._meta.db_table} AS customer ON customer.id = session.customer_id
LEFT JOIN {DepositAddress._meta.db_table} AS deposit ON deposit.session_id = session.id
LEFT JOIN {Quote._meta.db_table} AS quote ON quote.id = session.quote_id
WHERE session.merchant_id = %(merchant)s::bigint AND session.mode = %(mode)s::text
"""
_BY_ID = f"{_SELECT} AND session.public_id = %(id)s::text"
_PAYMENTS = f"""
SELECT session_id, {_columns(PaymentView, "payment")} FROM {Payment._meta.db_table} AS payment
WHERE session_id = ANY(%s::bigint[])
"""
_DECISIONS = f"""
SELECT session_id, {_columns(DecisionView, "decision")} FROM {Decision._meta.db_table} AS decision
WHERE session_id = ANY(%s::bigint[]) ORDER BY id
"""
_REFUNDS = f"""
SELECT session_id, {_columns(RefundView, "refund")} FROM {Refund._meta.db_table} AS refund
WHERE session_id = ANY(%s::bigint[])
"""

# Filter of the list → condition.
_FILTERS = {
    "status": "session.status = %(status)s::text",
    "payment_status": "session.payment_status = %(payment_status)s::text",
    "email": f"session.customer_id = (SELECT id FROM ({BY_EMAIL}) AS buyer)",
    "reference": "session.reference = %(reference)s::text",
    "product_id": "session.product_id = %(product_id)s::text",
    "created_after": "session.created_at > %(created_after)s::timestamptz",
    "created_before": "session.created_at < %(created_before)s::timestamptz",
    "updated_after": "session.updated_at > %(updated_after)s::timestamptz",
    "needs_decision": "session.needs_decision = %(needs_decision)s::boolean",
    "customer_id": f"""session.customer_id = (
        SELECT id FROM {Customer._meta.db_table} WHERE public_id = %(customer_id)s::text
    )""",
    # By network, because that is what their indexes begin with.
    "tx_hash": f"""session.id IN (
        SELECT session_id FROM {Payment._meta.db_table}
        WHERE network = ANY(%(networks)s::text[]) AND tx_hash = lower(%(tx_hash)s::text)
        UNION SELECT session_id FROM {Refund._meta.db_table}
        WHERE network = ANY(%(networks)s::text[]) AND tx_hash = lower(%(tx_hash)s::text)
    )""",
}
# What a query has as text, a shop may have sent as a number.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?|true|false")
_COUNT = f"SELECT count(*) FROM {CheckoutSession._meta.db_table} AS session"
_OWN = "WHERE session.merchant_id = %(merchant)s::bigint AND session.mode = %(mode)s::text"


def read_session(merchant: Merchant, mode: str, public_id: str) -> SessionView | None:
    """The merchant's session with that id in that mode."""
    found = _read(_BY_ID, {"merchant": merchant.pk, "mode": mode, "id": public_id})
    return found[0] if found else None


def read_newest(
    merchant: Merchant,
    mode: str,
    *,
    filters: Mapping[str, Any],
    metadata: Mapping[str, str],
    below: int | None,
    limit: int,
) -> list[SessionView]:
    """The newest sessions that pass the filters, with a key below the given one.

    `metadata` matches top-level text, and numbers and truths that are written so.
    """
    narrowed, given = _narrowed(merchant, mode, filters, metadata)
    if below is not None:
        narrowed += " AND session.id < %(below)s::bigint"
        given["below"] = below
    # The limit is part of the text: PostgreSQL would plan anew each time for one that it does not know.
    return _read(f"{_SELECT}{narrowed} ORDER BY session.id DESC LIMIT {limit:d}", given)


def count_sessions(merchant: Merchant, mode: str, *, filters: Mapping[str, Any], metadata: Mapping[str, str]) -> int:
    """How many pass the filters."""
    narrowed, given = _narrowed(merchant, mode, filters, metadata)
    return int(fetch(f"{_COUNT} {_OWN}{narrowed}", given)[0][0])


def _narrowed(
    merchant: Merchant, mode: str, filters: Mapping[str, Any], metadata: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    """The conditions and what they are given."""
    given = {**filters, "merchant": merchant.pk, "mode": mode}
    conditions = [_FILTERS[name] for name in filters]
    if "tx_hash" in filters:
        given["networks"] = list(all_networks())
    for place, (name, text) in enumerate(metadata.items()):
        given[f"text{place}"] = dumps({name: text})
        either = f"session.metadata @> %(text{place})s::jsonb"
        if _NUMBER.fullmatch(text):
            given[f"number{place}"] = f"{{{dumps(name)}:{text}}}"
            either = f"({either} OR session.metadata @> %(number{place})s::jsonb)"
        conditions.append(either)
    return "".join(f" AND {condition}" for condition in conditions), given


def _read(sql: str, given: Mapping[str, Any]) -> list[SessionView]:
    rows = fetch(sql, given)
    # Decisions and refunds are about payments: without any, there are none.
    paid = [row[0] for row in rows if row[-1]]
    payments = _of_sessions(paid, _PAYMENTS, PaymentView)
    decisions = _of_sessions(paid, _DECISIONS, DecisionView)
    refunds = _of_sessions(paid, _REFUNDS, RefundView)
    return [_session(row, payments[row[0]], decisions[row[0]], refunds[row[0]]) for row in rows]


def _of_sessions(keys: Sequence[int], sql: str, view: Callable[..., T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for key, *values in fetch(sql, [keys]) if keys else ():
        found[key].append(view(*values))
    return found


def _session(
    row: Sequence[Any],
    payments: Sequence[PaymentView],
    decisions: Sequence[DecisionView],
    refunds: Sequence[RefundView],
) -> SessionView:
    # Both kinds of JSON come as text, and last of their record.
    *own, metadata = row[:_LENGTH]
    customer, address, *quote, provenance = row[_LENGTH:-1]
    apart: list[Any] = [
        _exact(metadata),
        CustomerView(customer),
        DepositView(address) if address else None,
        _quote(quote, provenance) if provenance is not None else None,
        payments,
        decisions,
        refunds,
    ]
    return SessionView(*own, *apart)


def _quote(values: Sequence[Any], provenance: str) -> QuoteView:
    return QuoteView(*values, *[json.loads(provenance)])
