"""The list of sessions, for the API and the dashboard: what its filters mean, how it is sorted, what its totals count.

One rule for both doors: a filter is one condition here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models.expressions import RawSQL

from chains_app.networks.networks import all_networks
from common.api.exact_json import dumps
from common.database import fetch
from merchants_app.models import Merchant
from sessions_app.books.definitions import LINES_OF_EACH, MOST_SUMMED, Money, money
from sessions_app.models import CheckoutSession, Customer, Payment, PaymentLink, Quote, Refund
from sessions_app.state.customers import BY_EMAIL
from sessions_app.state.reading_sql import read_sessions
from sessions_app.state.session_view import SessionView

# Where no index has what is looked for, so many of the newest (of the days asked for) are looked through.
LOOKED_THROUGH = 20_000

# ruff: noqa: S608  (what is put into the statements are names of our own)
_SESSIONS = CheckoutSession._meta.db_table
_OWN = "session.merchant_id = %(merchant)s::bigint AND session.mode = %(mode)s::text"
_OF_LINK = f"""session.payment_link_id = (
    SELECT id FROM {PaymentLink._meta.db_table} WHERE public_id = %({{}})s::text
)"""
# Filter → condition.
_FILTERS = {
    "status": "session.status = %(status)s::text",
    "payment_status": "session.payment_status = %(payment_status)s::text",
    "issue": "session.issue = %(issue)s::text",
    "any_issue": "session.issue IS NOT NULL AND %(any_issue)s::boolean",
    "email": f"session.customer_id = (SELECT id FROM ({BY_EMAIL}) AS buyer)",
    "reference": "session.reference = %(reference)s::text",
    "product_id": "session.product_id = %(product_id)s::text",
    # As the overview counts how far they came: who picked has opened, who paid has picked.
    "opened": "num_nonnulls(session.opened_at, session.quote_id, session.completed_at) > 0 AND %(opened)s::boolean",
    "picked": "num_nonnulls(session.quote_id, session.completed_at) > 0 AND %(picked)s::boolean",
    "created_after": "session.created_at > %(created_after)s::timestamptz",
    "created_from": "session.created_at >= %(created_from)s::timestamptz",
    "created_before": "session.created_at < %(created_before)s::timestamptz",
    "updated_after": "session.updated_at > %(updated_after)s::timestamptz",
    "needs_decision": "session.needs_decision = %(needs_decision)s::boolean",
    "amount_from": "session.amount >= %(amount_from)s::numeric",
    "amount_to": "session.amount <= %(amount_to)s::numeric",
    "currency": "session.currency = %(currency)s::text",
    "customer_id": f"""session.customer_id = (
        SELECT id FROM {Customer._meta.db_table} WHERE public_id = %(customer_id)s::text
    )""",
    "payment_link": _OF_LINK.format("payment_link"),
    # `asset:network`, either of them empty for any: what the buyer picked, or what arrived. No EXISTS: for that,
    # PostgreSQL would read all quotes and payments there are before the first session.
    "paid_with": f"""((
        SELECT true FROM {Quote._meta.db_table} AS one WHERE one.id = session.quote_id AND {{option}}
    ) OR (
        SELECT true FROM {Payment._meta.db_table} AS one WHERE one.session_id = session.id AND {{option}} LIMIT 1
    ))""".format(
        option="""one.asset = coalesce(nullif(split_part(%(paid_with)s::text, ':', 1), ''), one.asset)
        AND one.network = coalesce(nullif(split_part(%(paid_with)s::text, ':', 2), ''), one.network)"""
    ),
    # By network, because that is what their indexes begin with.
    "tx_hash": f"""session.id IN (
        SELECT session_id FROM {Payment._meta.db_table}
        WHERE network = ANY(%(networks)s::text[]) AND tx_hash = lower(%(tx_hash)s::text)
        UNION SELECT session_id FROM {Refund._meta.db_table}
        WHERE network = ANY(%(networks)s::text[]) AND tx_hash = lower(%(tx_hash)s::text)
    )""",
    # What a search has found, and the link that it was for (`searching.py`).
    "found": "session.id = ANY(%(found)s::bigint[])",
    "found_link": _OF_LINK.format("found_link"),
    # What `too_old` answered.
    "above": "session.id > %(above)s::bigint",
}
_DAYS = ("created_after", "created_from", "created_before")
_WITHOUT_INDEX = {"payment_status", "currency", "paid_with"}
# What a query has as text, a shop may have sent as a number.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?|true|false")

_NAMED = re.compile(r"%\((\w+)\)s")


class Order(StrEnum):
    """How a list is sorted. Each has those of its columns: names and last orders are customers'."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LARGEST = "largest"
    SMALLEST = "smallest"
    NAME = "name"
    NAME_BACK = "name_back"
    ORDERED_LATELY = "ordered_lately"
    ORDERED_LONG_AGO = "ordered_long_ago"

    @property
    def rises(self) -> bool:
        """Whether the smallest, first, or longest ago comes first."""
        return self in {Order.OLDEST, Order.SMALLEST, Order.NAME, Order.ORDERED_LONG_AGO}


# By which columns, and whether the largest come first.
_ORDERS = {
    Order.NEWEST: (("id",), True),
    Order.OLDEST: (("id",), False),
    Order.LARGEST: (("amount", "id"), True),
    Order.SMALLEST: (("amount", "id"), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many sessions of a currency there are, what they ask for together, and what the books have of them."""

    currency: str
    sessions: int
    amount: Decimal
    money: Money


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
    return read_sessions(narrowed, given, order="session.id DESC", limit=limit)


def read_sorted(
    merchant: Merchant,
    mode: str,
    *,
    filters: Mapping[str, Any],
    metadata: Mapping[str, str],
    order: Order,
    beyond: int | None,
    back: bool,
    limit: int,
) -> list[SessionView]:
    """Those that come behind the session with the key `beyond`; `back`: before it, the nearest first."""
    narrowed, given = _narrowed(merchant, mode, filters, metadata)
    names, largest_first = _ORDERS[order]
    falls = largest_first != back
    if beyond is not None:
        mine, last = (", ".join(f"{row}.{name}" for name in names) for row in ("session", "last"))
        where = _OWN.replace("session.", "last.")
        narrowed += f""" AND ({mine}) {"<" if falls else ">"} (
            SELECT {last} FROM {_SESSIONS} AS last WHERE {where} AND last.id = %(beyond)s::bigint
        )"""
        given["beyond"] = beyond
    way = "DESC" if falls else "ASC"
    return read_sessions(narrowed, given, order=", ".join(f"session.{name} {way}" for name in names), limit=limit)


def too_old(merchant: Merchant, mode: str, *, filters: Mapping[str, Any], newest: int) -> int | None:
    """For people who wait: where no index helps, the newest session (of the days asked for) that is not among so many
    of the newest, which alone are looked through. None: all are.
    """
    if not _WITHOUT_INDEX & set(filters):
        return None
    days = {name: filters[name] for name in _DAYS if name in filters}
    narrowed, given = _narrowed(merchant, mode, days, {})
    statement = f"""SELECT session.id FROM {_SESSIONS} AS session WHERE {_OWN}{narrowed}
        ORDER BY session.id DESC OFFSET {newest:d} LIMIT 1"""
    rows = fetch(statement, given, may_lag=True)
    return rows[0][0] if rows else None


def keys_of(merchant: Merchant, mode: str, *, filters: Mapping[str, Any], metadata: Mapping[str, str]) -> RawSQL:
    """The keys of all that pass the filters: for a query of Django's to be narrowed by."""
    narrowed, given = _narrowed(merchant, mode, filters, metadata)
    statement = f"SELECT session.id FROM {_SESSIONS} AS session WHERE {_OWN}{narrowed}"
    names = _NAMED.findall(statement)
    return RawSQL(_NAMED.sub("%s", statement), [given[name] for name in names])  # noqa: S611  (names of our own)


def count_sessions(merchant: Merchant, mode: str, *, filters: Mapping[str, Any], metadata: Mapping[str, str]) -> int:
    """How many pass the filters."""
    narrowed, given = _narrowed(merchant, mode, filters, metadata)
    return int(fetch(f"SELECT count(*) FROM {_SESSIONS} AS session WHERE {_OWN}{narrowed}", given)[0][0])


def totals_of(
    merchant: Merchant, mode: str, *, filters: Mapping[str, Any], metadata: Mapping[str, str]
) -> list[Total] | None:
    """Of all that pass the filters, by currency, most sessions first; None: more than are summed up."""
    narrowed, given = _narrowed(merchant, mode, filters, metadata)
    rows = fetch(
        f"""WITH session AS MATERIALIZED (
            SELECT session.id, session.currency, session.amount FROM {_SESSIONS} AS session
            WHERE {_OWN}{narrowed} LIMIT {MOST_SUMMED + 1:d}
        )
        SELECT currency, NULL, count(*), sum(amount) FROM session GROUP BY currency
        UNION ALL
        SELECT line.currency, line.kind, NULL, sum(line.value) FROM session {LINES_OF_EACH}
        WHERE (SELECT count(*) FROM session) <= {MOST_SUMMED:d} GROUP BY 1, 2""",
        given,
        may_lag=True,
    )
    asked = [(currency, sessions, amount) for currency, kind, sessions, amount in rows if kind is None]
    if sum(sessions for _, sessions, _ in asked) > MOST_SUMMED:
        return None
    return [
        Total(
            currency=currency,
            sessions=sessions,
            amount=amount,
            money=money({kind: value for of, kind, _, value in rows if of == currency and kind is not None}),
        )
        for currency, sessions, amount in sorted(asked, key=lambda each: (-each[1], each[0]))
    ]


def _narrowed(
    merchant: Merchant, mode: str, filters: Mapping[str, Any], metadata: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    """The conditions and what they are given."""
    given = {**filters, "merchant": merchant.pk, "mode": mode}
    conditions = [_FILTERS[name] for name in filters]
    if "tx_hash" in filters:
        given["networks"] = list(all_networks())
    if "found" in filters:
        # As PostgreSQL writes it: the driver takes a millisecond for every thousand of a list.
        given["found"] = f"{{{','.join(map(str, filters['found']))}}}"
    for place, (name, text) in enumerate(metadata.items()):
        given[f"text{place}"] = dumps({name: text})
        either = f"session.metadata @> %(text{place})s::jsonb"
        if _NUMBER.fullmatch(text):
            given[f"number{place}"] = f"{{{dumps(name)}:{text}}}"
            either = f"({either} OR session.metadata @> %(number{place})s::jsonb)"
        conditions.append(either)
    return "".join(f" AND {condition}" for condition in conditions), given
