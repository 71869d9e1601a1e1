"""Sessions with all that their representation needs, in one round trip: building statements is what costs otherwise.

(`python -m bench api`: the ORM took 6 of a get's 7 ms.) Payments, decisions and refunds are asked for only where there
are any. The test compares each session with what the ORM reads.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, get_type_hints

from common.api.exact_json import loads_own
from common.database import fetch
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Customer, Decision, DepositAddress, Payment, Quote, Refund
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


def _columns(view: Any, alias: str) -> str:
    """`alias.column, …` of a view's fields, in their order."""
    names = [name for name in get_type_hints(view) if name not in _APART]
    return ", ".join(f"{alias}.{name}::text" if name in _JSON else f"{alias}.{name}" for name in names)


# The session's fields that are records of their own; they come last.
_APART = {"customer", "deposit", "quote", "payments", "decisions", "refunds"}
_JSON = {"metadata", "provenance"}
_LENGTH = len(get_type_hints(SessionView)) - len(_APART)
# ruff: noqa: S608  (what is put into the statements are names of our own)
# Whether there are payments is no EXISTS: PostgreSQL would read all payments there are, to answer for a page of 25.
_SELECT = f"""
SELECT {_columns(SessionView, "session")}, customer.public_id, deposit.address, {_columns(QuoteView, "quote")},
    deposit.id IS NOT NULL AND (SELECT true FROM {Payment._meta.db_table} WHERE session_id = session.id LIMIT 1)
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


def read_session(merchant: Merchant, mode: str, public_id: str) -> SessionView | None:
    """The merchant's session with that id in that mode."""
    found = _read(_BY_ID, {"merchant": merchant.pk, "mode": mode, "id": public_id})
    return found[0] if found else None


def read_sessions(conditions: str, given: Mapping[str, Any], *, order: str, limit: int) -> list[SessionView]:
    """Those of the merchant and mode in `given` that pass the conditions too (` AND …`, about `session`), in order."""
    # The limit is part of the text: PostgreSQL would plan anew each time for one that it does not know.
    return _read(f"{_SELECT}{conditions} ORDER BY {order} LIMIT {limit:d}", given)


def _read(sql: str, given: Mapping[str, Any]) -> list[SessionView]:
    rows = fetch(sql, given, may_lag=True)
    # Decisions and refunds are about payments: without any, there are none.
    paid = [row[0] for row in rows if row[-1]]
    payments = _of_sessions(paid, _PAYMENTS, PaymentView)
    decisions = _of_sessions(paid, _DECISIONS, DecisionView)
    refunds = _of_sessions(paid, _REFUNDS, RefundView)
    return [_session(row, payments[row[0]], decisions[row[0]], refunds[row[0]]) for row in rows]


def _of_sessions(keys: Sequence[int], sql: str, view: Callable[..., T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for key, *values in fetch(sql, [keys], may_lag=True) if keys else ():
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
        loads_own(metadata),
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
