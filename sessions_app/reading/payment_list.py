"""The list of payments: each movement to a deposit address, and what all that match come to."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, TextChoices, Value
from django.db.models.functions import Coalesce

from common.database import fetch
from common.keyset import first_of
from merchants_app.models import TreasuryKind
from sessions_app.books.definitions import MOST_SUMMED, OF_PAYMENTS, ZERO, Money, Worth, money, standing
from sessions_app.collecting.collecting import has_xpub
from sessions_app.models import BookLine, CheckoutSession, Payment
from sessions_app.reading.list_sql import LOOKED_THROUGH, Order, keys_of
from sessions_app.reading.listing import behind, of_days, whole
from sessions_app.reading.searching import found_by
from sessions_app.scope import SessionScope

_FINAL = Q(confirmed_at__isnull=False, vanished_at=None)
# What is not counted is worth less than nothing: it comes last.
_WORTH = Coalesce("value", Value(Decimal(-1)))
# By which column, and whether the largest come first. Only of arrivals there is an index.
_ORDERS = {
    Order.NEWEST: ("arrived_at", True),
    Order.OLDEST: ("arrived_at", False),
    Order.LARGEST: ("worth", True),
    Order.SMALLEST: ("worth", False),
}
_BY_WORTH = {Order.LARGEST, Order.SMALLEST}
# Filters of sessions by which few are found, all of them by an index.
_OF_FEW = {"reference", "email", "customer_id"}


class PaymentState(TextChoices):
    """Where a payment is, as the list's filter says it."""

    CONFIRMING = "confirming", "Confirming"
    FINAL = "final", "Final"
    GONE = "gone", "Taken back"
    NOT_COUNTED = "not_counted", "Not counted"
    TO_COLLECT = "to_collect", "Not yet collected"
    COLLECTED = "collected", "Collected"


_STATES: Mapping[PaymentState, Q] = {
    PaymentState.CONFIRMING: Q(confirmed_at=None, vanished_at=None),
    PaymentState.FINAL: _FINAL,
    PaymentState.GONE: Q(vanished_at__isnull=False),
    PaymentState.NOT_COUNTED: Q(counts=False),
    PaymentState.TO_COLLECT: _FINAL & Q(collected_at=None),
    PaymentState.COLLECTED: Q(collected_at__isnull=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPayments:
    """What somebody wants to see; None and empty: all."""

    state: PaymentState | None = None
    asset: str = ""
    network: str = ""
    since: datetime | None = None
    before: datetime | None = None
    least: Decimal | None = None  # worth, in the session's currency
    most: Decimal | None = None
    currency: str = ""
    of_sessions: Mapping[str, Any] = field(default_factory=dict)  # filters of their sessions, as `list_sql` names them
    metadata: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    order: Order = Order.NEWEST  # by arrival, or by worth

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return self != WantedPayments(order=self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came for sessions of one currency, in it, as the books have it."""

    currency: str
    payments: int
    money: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPayments:
    """A page; `more`: there are others beyond it, the way it was turned to.

    `among`: of how many of the newest they are, where older ones were not looked at.
    """

    payments: Sequence[Payment] = field(default_factory=list)
    more: bool = False
    totals: Sequence[Came] | None = ()  # None: more payments than are summed up
    together: Worth | None = None  # in the currency that totals are told in; None: the one total there is says it
    among: int | None = None


def list_payments(
    scope: SessionScope, wanted: WantedPayments, *, beyond: int | None, back: bool, size: int
) -> ListedPayments:
    """The page behind the payment with the key `beyond`; `back`: the one before it."""
    matching, too_old = _matching(scope, wanted), _not_looked_at(scope, wanted)
    if too_old:
        matching = matching.filter(arrived_at__gt=too_old)
    column, largest_first = _ORDERS[wanted.order]
    falls = largest_first != back
    rows = matching.alias(worth=_WORTH)
    if beyond is not None:
        last = scope.payments().annotate(worth=_WORTH).filter(pk=beyond).values_list(column, flat=True).first()
        rows = rows.none() if last is None else rows.filter(behind(column, last, beyond, falls=falls))
    order = (f"-{column}", "-id") if falls else (column, "id")
    shown, more = first_of(rows.select_related("session__deposit").order_by(*order), size)
    totals, together = _totals(matching, scope.merchant.reporting_currency)
    return ListedPayments(
        payments=shown[::-1] if back else shown,
        more=more,
        totals=totals,
        together=together,
        among=LOOKED_THROUGH if too_old else None,
    )


def all_payments_listed(scope: SessionScope, wanted: WantedPayments) -> QuerySet[Payment, int]:
    """The keys of all that it lists, however old, for a file of them. Raises TooManyFound."""
    return _matching(scope, wanted, patient=True).order_by().values_list("pk", flat=True)


def _matching(scope: SessionScope, wanted: WantedPayments, *, patient: bool = False) -> QuerySet[Payment]:
    found = scope.payments()
    if wanted.state:
        found = found.filter(_in_state(scope, wanted.state))
    found = found.filter(**_days(wanted), **_without_index(wanted))
    if wanted.of_sessions or wanted.metadata:
        narrowed = {"filters": wanted.of_sessions, "metadata": wanted.metadata}
        found = found.filter(session__in=keys_of(scope.merchant, scope.mode, **narrowed))
    if wanted.text:
        sessions = found_by(scope, wanted.text)
        found = found.filter(session__in=whole(sessions) if patient else sessions)
    return found


def _not_looked_at(scope: SessionScope, wanted: WantedPayments) -> datetime | None:
    """When the newest arrived that is too old to be looked at; None where all are."""
    has_few = wanted.text or _OF_FEW & set(wanted.of_sessions)
    looks_through = _without_index(wanted) or "status" in wanted.of_sessions or wanted.order in _BY_WORTH
    if has_few or not looks_through:
        return None
    arrivals = scope.payments().filter(**_days(wanted)).values_list("arrived_at", flat=True)
    return arrivals[LOOKED_THROUGH : LOOKED_THROUGH + 1].first()


def _days(wanted: WantedPayments) -> dict[str, datetime]:
    return of_days("arrived_at", wanted.since, wanted.before)


def _without_index(wanted: WantedPayments) -> dict[str, Any]:
    """Of these, the newest `LOOKED_THROUGH` (of the days asked for) are looked through."""
    given = {
        "asset": wanted.asset,
        "network": wanted.network,
        "value__gte": wanted.least,
        "value__lte": wanted.most,
        "session__currency": wanted.currency,
    }
    return {name: value for name, value in given.items() if value not in (None, "")}


def _in_state(scope: SessionScope, state: PaymentState) -> Q:
    """Money at a plain address of an xpub is in the wallet as soon as it is final: nobody has to collect it."""
    found = _STATES[state]
    if state not in {PaymentState.TO_COLLECT, PaymentState.COLLECTED} or not has_xpub(scope.merchant, scope.mode):
        return found
    if state == PaymentState.TO_COLLECT:
        return found & Q(session__treasury__kind=TreasuryKind.ADDRESS)
    return found | _FINAL & Q(session__treasury__kind=TreasuryKind.XPUB)


# By their keys: PostgreSQL would read all lines and sessions there are for the few thousand that are asked for.
# ruff: noqa: S608  (what is put into the statements are names of our own)
_BOOKED = f"""
SELECT currency, kind, sum(value), sum(reporting_value) FILTER (WHERE reporting_currency = %(reported)s::text),
    count(*) FILTER (WHERE reporting_value IS NULL OR reporting_currency <> %(reported)s::text)
FROM {BookLine._meta.db_table} WHERE payment_id = ANY(%(payments)s::bigint[]) GROUP BY 1, 2
"""
_CURRENCIES = f"SELECT id, currency FROM {CheckoutSession._meta.db_table} WHERE id = ANY(%s::bigint[])"


def _totals(matching: QuerySet[Payment], reported: str) -> tuple[list[Came] | None, Worth | None]:
    """By currency of the sessions, and all of it in the currency `reported` where that is another."""
    some = list(matching.order_by().values_list("pk", "session_id")[: MOST_SUMMED + 1])
    if len(some) > MOST_SUMMED:
        return None, None
    payments, sessions = zip(*some, strict=True) if some else ((), ())
    worths: defaultdict[str, dict[str, Decimal | None]] = defaultdict(dict)
    together: dict[str, Decimal] = defaultdict(Decimal)
    unknown = 0
    for currency, kind, value, worth, missing in fetch(
        _BOOKED, {"payments": list(payments), "reported": reported}, may_lag=True
    ):
        worths[currency][kind] = value
        together[kind] += worth or ZERO
        unknown += standing(kind, missing) if kind in OF_PAYMENTS else 0
    currencies: dict[int, str] = dict(fetch(_CURRENCIES, [list(set(sessions))], may_lag=True))
    numbers = Counter(currencies[session] for session in sessions)
    totals = [
        Came(currency=currency, payments=number, money=money(worths[currency]))
        for currency, number in sorted(numbers.items(), key=lambda each: (-each[1], each[0]))
    ]
    is_said = numbers.keys() <= {reported}
    return totals, None if is_said else Worth(money=money(together), unknown=unknown)
