"""The list of payments: each movement to a deposit address, and what all that match come to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db.models import Count, Q, QuerySet, Sum

from common.keyset import first_of
from sessions_app.books.definitions import Money, money
from sessions_app.models import BookLine, Payment
from sessions_app.reading.list_sql import MOST_SUMMED
from sessions_app.reading.searching import found_by, read_as
from sessions_app.scope import SessionScope

_FINAL = Q(confirmed_at__isnull=False, vanished_at=None)


class PaymentState(StrEnum):
    """Where a payment is, as the list's filter says it."""

    CONFIRMING = "confirming"
    FINAL = "final"
    GONE = "gone"
    NOT_COUNTED = "not_counted"
    TO_COLLECT = "to_collect"
    COLLECTED = "collected"


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
    text: str = ""
    oldest_first: bool = False

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return self != WantedPayments(oldest_first=self.oldest_first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came for sessions of one currency, in it, as the books have it."""

    currency: str
    payments: int
    money: Money

    @property
    def received(self) -> Decimal:
        """What is final, less what a network took back."""
        return self.money.received - self.money.taken_back


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPayments:
    """A page; `more`: there are others beyond it, the way it was turned to."""

    payments: Sequence[Payment] = field(default_factory=list)
    more: bool = False
    totals: Sequence[Came] | None = ()  # None: more payments than are summed up
    read_as: str = ""


def list_payments(
    scope: SessionScope, wanted: WantedPayments, *, beyond: int | None, back: bool, size: int
) -> ListedPayments:
    """The page behind the payment with the key `beyond`; `back`: the one before it."""
    matching = _matching(scope, wanted)
    rises = wanted.oldest_first != back
    rows = matching
    if beyond is not None:
        last = scope.payments().filter(pk=beyond).values_list("arrived_at", flat=True).first()
        if last is None:
            rows = rows.none()
        elif rises:
            rows = rows.filter(Q(arrived_at__gt=last) | Q(arrived_at=last, pk__gt=beyond), arrived_at__gte=last)
        else:
            rows = rows.filter(Q(arrived_at__lt=last) | Q(arrived_at=last, pk__lt=beyond), arrived_at__lte=last)
    order = ("arrived_at", "id") if rises else ("-arrived_at", "-id")
    shown, more = first_of(rows.select_related("session__deposit").order_by(*order), size)
    return ListedPayments(
        payments=shown[::-1] if back else shown,
        more=more,
        totals=_totals(matching),
        read_as=read_as(wanted.text) if wanted.text else "",
    )


def _matching(scope: SessionScope, wanted: WantedPayments) -> QuerySet[Payment]:
    found = scope.payments()
    if wanted.state:
        found = found.filter(_STATES[wanted.state])
    given = {
        "asset": wanted.asset,
        "network": wanted.network,
        "arrived_at__gte": wanted.since,
        "arrived_at__lt": wanted.before,
        "value__gte": wanted.least,
        "value__lte": wanted.most,
        "session__currency": wanted.currency,
    }
    found = found.filter(**{name: value for name, value in given.items() if value not in (None, "")})
    if wanted.text:
        found = found.filter(session__in=found_by(scope, wanted.text))
    return found


def _totals(matching: QuerySet[Payment]) -> list[Came] | None:
    some = matching.order_by().values("pk")[: MOST_SUMMED + 1]
    if some.count() > MOST_SUMMED:
        return None
    matching = matching.order_by()
    booked = BookLine.objects.filter(payment__in=matching.values("pk"))
    worths: defaultdict[str, dict[str, Decimal | None]] = defaultdict(dict)
    for currency, kind, value in booked.order_by().values_list("currency", "kind").annotate(Sum("value")):
        worths[currency][kind] = value
    numbers = matching.values_list("session__currency").annotate(number=Count("id"))
    return [
        Came(currency=currency, payments=number, money=money(worths[currency]))
        for currency, number in numbers.order_by("-number", "session__currency")
    ]
