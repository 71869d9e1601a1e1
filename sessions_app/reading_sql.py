"""Sessions with all that their representation needs, in one round trip: building statements is what costs otherwise.

(`bench/api.py`: the ORM took 6 of a get's 7 ms.) Payments, decisions and refunds are asked for only where there are
any. The test compares each session with what the ORM reads.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from common.exact_json import dumps
from common.hand_sql import Columns, rows
from merchants_app.models import Merchant
from sessions_app.children import NONE, Children
from sessions_app.models import CheckoutSession, Customer, Decision, DepositAddress, Payment, Quote, Refund

_SESSION, _DEPOSIT, _QUOTE = Columns(CheckoutSession), Columns(DepositAddress), Columns(Quote)
_CUSTOMER = Columns(Customer, "id", "public_id")
_PAYMENT, _DECISION, _REFUND = Columns(Payment), Columns(Decision), Columns(Refund)

# ruff: noqa: S608  (what is put into the statements are names of our own)
_SELECT = f"""
SELECT {_SESSION.of("session")}, {_CUSTOMER.of("customer")}, {_DEPOSIT.of("deposit")}, {_QUOTE.of("quote")},
    deposit.id IS NOT NULL AND EXISTS (SELECT FROM {Payment._meta.db_table} WHERE session_id = session.id)
FROM {CheckoutSession._meta.db_table} AS session
JOIN {Customer._meta.db_table} AS customer ON customer.id = session.customer_id
LEFT JOIN {DepositAddress._meta.db_table} AS deposit ON deposit.session_id = session.id
LEFT JOIN {Quote._meta.db_table} AS quote ON quote.id = session.quote_id
"""
_OF_MERCHANT = f"{_SELECT} WHERE session.merchant_id = %(merchant)s::bigint AND session.mode = %(mode)s::text"
_BY_ID = f"{_OF_MERCHANT} AND session.public_id = %(id)s::text"
_BY_KEYS = f"{_SELECT} WHERE session.id = ANY(%s::bigint[]) ORDER BY session.id"
_PAYMENTS = f"""
SELECT {_PAYMENT.of("payment")} FROM {Payment._meta.db_table} AS payment WHERE session_id = ANY(%s::bigint[])
"""
_DECISIONS = f"""
SELECT {_DECISION.of("decision")} FROM {Decision._meta.db_table} AS decision WHERE session_id = ANY(%s::bigint[])
ORDER BY id
"""
_REFUNDS = f"""
SELECT {_REFUND.of("refund")} FROM {Refund._meta.db_table} AS refund WHERE session_id = ANY(%s::bigint[])
"""
_COLLECTIONS: tuple[tuple[str, Columns[Any], str], ...] = (
    ("payments", _PAYMENT, _PAYMENTS),
    ("decisions", _DECISION, _DECISIONS),
    ("refunds", _REFUND, _REFUNDS),
)

# Filter of the list → condition.
_FILTERS = {
    "status": "session.status = %(status)s::text",
    "paymentStatus": "session.payment_status = %(paymentStatus)s::text",
    "email": f"""session.customer_id = (
        SELECT id FROM {Customer._meta.db_table}
        WHERE merchant_id = %(merchant)s::bigint AND mode = %(mode)s::text AND lower(email) = lower(%(email)s::text)
    )""",
    "reference": "session.reference = %(reference)s::text",
    "productId": "session.product_id = %(productId)s::text",
    "createdAfter": "session.created_at > %(createdAfter)s::timestamptz",
    "createdBefore": "session.created_at < %(createdBefore)s::timestamptz",
}


def read_session(merchant: Merchant, mode: str, public_id: str) -> CheckoutSession | None:
    """The merchant's session with that id in that mode."""
    found = _read(_BY_ID, {"merchant": merchant.pk, "mode": mode, "id": public_id}, merchant)
    return found[0] if found else None


def read_newest(
    merchant: Merchant,
    mode: str,
    *,
    filters: Mapping[str, Any],
    metadata: Mapping[str, str],
    below: int | None,
    limit: int,
) -> list[CheckoutSession]:
    """The newest sessions that pass the filters, with a key below the given one; `metadata` matches top-level text."""
    conditions = [_FILTERS[name] for name in filters]
    given = {**filters, "merchant": merchant.pk, "mode": mode}
    if metadata:
        conditions.append("session.metadata @> %(metadata)s::jsonb")
        given["metadata"] = dumps(dict(metadata))
    if below is not None:
        conditions.append("session.id < %(below)s::bigint")
        given["below"] = below
    narrowed = "".join(f" AND {condition}" for condition in conditions)
    # The limit is part of the text: PostgreSQL would plan anew each time for one that it does not know.
    return _read(f"{_OF_MERCHANT}{narrowed} ORDER BY session.id DESC LIMIT {limit:d}", given, merchant)


def read_by_keys(keys: Iterable[int]) -> list[CheckoutSession]:
    """Sessions by primary key, in its order. For batches of hundreds, where the ORM takes most of the time."""
    return _read(_BY_KEYS, [list(keys)], None)


def _read(sql: str, given: dict[str, Any] | Sequence[Any], merchant: Merchant | None) -> list[CheckoutSession]:
    found = [(row, _session(row, merchant)) for row in rows(sql, given)]
    sessions = [session for _, session in found]
    _add_payments(sessions, [session.pk for row, session in found if row[-1]])
    return sessions


def _session(row: Sequence[Any], merchant: Merchant | None) -> CheckoutSession:
    customer_at = len(_SESSION)
    deposit_at = customer_at + len(_CUSTOMER)
    quote_at = deposit_at + len(_DEPOSIT)
    session = _SESSION.read(row[:customer_at])
    known = session._state.fields_cache
    if merchant:
        known["merchant"] = merchant
    known["customer"] = _CUSTOMER.read(row[customer_at:deposit_at])
    known["deposit"] = _DEPOSIT.read(row[deposit_at:quote_at]) if row[deposit_at] is not None else None
    known["quote"] = _QUOTE.read(row[quote_at:-1]) if session.quote_id else None
    return session


def _add_payments(sessions: Sequence[CheckoutSession], keys: Sequence[int]) -> None:
    """Decisions and refunds are about payments: without any, there are none."""
    for session in sessions:
        session.children = NONE
    if not keys:
        return
    found: dict[str, dict[int, list[Any]]] = {}
    for name, columns, statement in _COLLECTIONS:
        of_session = found[name] = defaultdict(list)
        for row in rows(statement, [keys]):
            each = columns.read(row)
            of_session[each.session_id].append(each)
    for session in sessions:
        session.children = Children(**{name: of_session[session.pk] for name, of_session in found.items()})
