"""Customers and payment links as those see them who sell: found, with their sums and their latest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, F, Max, Q, QuerySet, Sum, TextChoices

from common.keyset import Rows, first_of
from sessions_app.answers.shop import PaidInCurrency
from sessions_app.books.definitions import Money, few_enough, money_of_links, received_lately
from sessions_app.buyers.representation import represent_customers
from sessions_app.models import CALLED, CheckoutSession, Customer, PaymentLink, SessionNote
from sessions_app.orders.stock import held_by
from sessions_app.reading.list_sql import LOOKED_THROUGH, Order
from sessions_app.reading.listing import behind
from sessions_app.reading.searching import NEWEST, beyond_newest, tidied
from sessions_app.scope import SessionScope
from sessions_app.state.customers import with_email
from sessions_app.status import Status
from webhooks_app.models import Event

FEW = 5
BY_WORTH = {Order.LARGEST, Order.SMALLEST}
BY_LAST_ORDER = {Order.ORDERED_LATELY, Order.ORDERED_LONG_AGO}
LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """A customer, and what they paid."""

    customer: Customer
    paid: Sequence[PaidInCurrency]  # by currency
    last_at: datetime | None  # when they paid last
    ordered_at: datetime | None  # when their last session was made


def customers_found(scope: SessionScope, text: str) -> QuerySet[Customer]:
    """All of them; or those whose address it is, whose address begins so, or whose name has it in it.

    A whole address is looked for among all, parts of words among the newest (`searching.NEWEST`).
    """
    text = tidied(text)
    if not text:
        return scope.customers()
    customers, beyond = scope.customers(), beyond_newest(scope.customers())
    whole = [each.pk for each in (*with_email(customers, text), *customers.filter(public_id=text))]
    newest = Q(pk__gt=beyond) & (Q(email__istartswith=text) | Q(name__icontains=text))
    # From the newest on, no further than the oldest that can be meant: the words are held against no other.
    return customers.filter(Q(pk__in=whole) | newest, pk__gte=min([*whole, beyond]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCustomers:
    """A page; `more`: there are others beyond it, the way it was turned to.

    `among`: by how many of the newest (lines of the books, sessions) they are sorted, where older ones were not looked
    at. Who is in none of those is not listed.
    """

    customers: Sequence[Customer]
    more: bool
    among: int | None = None


def list_customers(
    scope: SessionScope, text: str, order: Order, *, beyond: int | None, back: bool, size: int
) -> ListedCustomers:
    """The page behind the customer with the key `beyond`; `back`: the one before it."""
    rows: Rows[Customer]
    falls, among = order.rises == back, None
    if order in BY_WORTH:
        received, is_part = received_lately(scope.merchant, scope.mode, newest=LOOKED_THROUGH)
        among = LOOKED_THROUGH if is_part else None
        rows = _by_place(scope, text, received, beyond, falls=falls, size=size)
    elif order in BY_LAST_ORDER:
        ordered, is_part = _ordered_lately(scope)
        among = NEWEST if is_part else None
        rows = _by_place(scope, text, ordered, beyond, falls=falls, size=size)
    else:
        rows = _by_column(scope, text, order, beyond, falls=falls)
    shown, more = first_of(rows, size)
    return ListedCustomers(customers=shown[::-1] if back else shown, more=more, among=among)


def _by_column(scope: SessionScope, text: str, order: Order, beyond: int | None, *, falls: bool) -> QuerySet[Customer]:
    column = "called" if order in {Order.NAME, Order.NAME_BACK} else "id"
    rows = customers_found(scope, text).annotate(called=CALLED)
    if beyond is not None:
        end = scope.customers().annotate(called=CALLED).filter(pk=beyond).values_list(column, flat=True).first()
        rows = rows.none() if end is None else rows.filter(behind(column, end, beyond, falls=falls))
    return rows.order_by(*((f"-{column}", "-id") if falls else (column, "id")))


def _ordered_lately(scope: SessionScope) -> tuple[dict[int, int], bool]:
    """The key of each customer's last session, of the newest ones; whether older are left out."""
    beyond = beyond_newest(scope.bare_sessions().order_by("-id"))
    newest = scope.bare_sessions().filter(pk__gt=beyond).order_by()
    return dict(newest.values_list("customer").annotate(last=Max("pk"))), beyond > 0


def _by_place(
    scope: SessionScope,
    text: str,
    places: Mapping[int, int] | Mapping[int, Decimal],
    beyond: int | None,
    *,
    falls: bool,
    size: int,
) -> list[Customer]:
    """By what stands beside their keys: a page of those who have a place, and one more."""
    ordered = sorted(((place, key) for key, place in places.items()), reverse=falls)
    if beyond is not None:
        end = (places.get(beyond, 0), beyond)
        ordered = [each for each in ordered if (each < end if falls else each > end)]
    keys = [key for _, key in ordered]
    if tidied(text):
        theirs = set(customers_found(scope, text).filter(pk__in=keys).order_by().values_list("pk", flat=True))
        keys = [key for key in keys if key in theirs]
    known = scope.customers().in_bulk(keys[: size + 1])
    return [known[key] for key in keys[: size + 1]]


class LinkState(TextChoices):
    """What a list of links can be narrowed to."""

    ON = "on", "On"
    OFF = "off", "Switched off"
    ENDED = "ended", "Ended"


def links_listed(scope: SessionScope, text: str, state: str, now: datetime) -> QuerySet[PaymentLink]:
    """All of them; those that are found by the words (`links_found`), and those that are so. A word that is no state
    narrows nothing.
    """
    links = links_found(scope, text) if tidied(text) else scope.links()
    is_over = Q(is_active=True, ends_at__isnull=False, ends_at__lte=now)
    match state:
        case LinkState.ON:
            return links.filter(~is_over, is_active=True)
        case LinkState.OFF:
            return links.filter(is_active=False)
        case LinkState.ENDED:
            return links.filter(is_over)
    return links


def links_found(scope: SessionScope, text: str) -> QuerySet[PaymentLink]:
    """The links whose id it is, or whose product has it in its name: of the newest (`searching.NEWEST`)."""
    text = tidied(text)
    is_named = Q(pk__gt=beyond_newest(scope.links()), product_name__icontains=text)
    return scope.links().filter(Q(public_id=text) | is_named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Besides:
    """What a search for sessions found that is no session."""

    customers: Sequence[Customer]
    links: Sequence[PaymentLink]
    events: Sequence[Event]


def found_besides(scope: SessionScope, text: str) -> Besides | None:
    """The newest few of each; None when there is nothing, or nothing was asked."""
    text = tidied(text)
    if not text:
        return None
    found = Besides(
        customers=list(customers_found(scope, text)[:FEW]),
        links=list(links_found(scope, text)[:FEW]),
        events=list(scope.events().filter(public_id=text)) if text.startswith("evt_") else [],
    )
    return found if found.customers or found.links or found.events else None


def buyers(customers: Sequence[Customer]) -> list[Buyer]:
    """The same with their sums; in three queries however many they are."""
    rows = CheckoutSession.objects.filter(customer__in=customers).order_by().values_list("customer")
    is_paid = Q(status=Status.COMPLETED)
    last = {
        key: (paid_at, ordered_at)
        for key, paid_at, ordered_at in rows.annotate(
            paid_at=Max("completed_at", filter=is_paid), ordered_at=Max("created_at")
        )
    }
    nothing = (None, None)
    return [
        Buyer(
            customer=customer,
            paid=answer.paid,
            last_at=last.get(customer.pk, nothing)[0],
            ordered_at=last.get(customer.pk, nothing)[1],
        )
        for customer, answer in zip(customers, represent_customers(customers), strict=True)
    ]


def sessions_of(scope: SessionScope, customer: Customer) -> QuerySet[CheckoutSession]:
    """Theirs, newest first."""
    return scope.sessions().filter(customer=customer)


def notes_about(customer: Customer) -> QuerySet[SessionNote]:
    """What the team noted on their sessions, newest first."""
    return SessionNote.objects.filter(session__customer=customer).select_related("session").order_by("-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFigures:
    """How a payment link does."""

    link: PaymentLink
    begun: int  # sessions that buyers opened by it
    paid: int
    prices: Decimal | None  # of what was paid, together
    mean: Decimal | None
    money: Money | None  # what the books have of its sessions; None: they are more than are summed up
    last_at: datetime | None
    left: int | None  # pieces; None: no limit
    is_over: bool

    @property
    def paid_percent(self) -> int | None:
        """Of those who began."""
        return round(100 * self.paid / self.begun) if self.begun else None


def figures_of(links: Sequence[PaymentLink], now: datetime) -> list[LinkFigures]:
    """Of each link; in three queries however many they are."""
    is_paid = Q(status=Status.COMPLETED)
    rows: Iterable[Mapping[str, Any]] = (
        CheckoutSession.objects.filter(payment_link__in=links)
        .values(link_key=F("payment_link"))
        .annotate(
            begun=Count("status"),
            paid=Count("status", filter=is_paid),
            prices=Sum("amount", filter=is_paid),
            mean=Avg("amount", filter=is_paid),
            last_at=Max("completed_at"),
        )
        .order_by()
    )
    found = {row["link_key"]: row for row in rows}
    held = held_by([link for link in links if link.stock is not None], now)
    nothing: dict[str, Any] = {"begun": 0, "paid": 0, "prices": None, "mean": None, "last_at": None}
    summed = few_enough({link.pk: found.get(link.pk, nothing)["begun"] for link in links})
    booked = money_of_links(summed)
    return [
        LinkFigures(
            link=link,
            is_over=link.ends_at is not None and link.ends_at <= now,
            left=None if link.stock is None else max(0, link.stock - held[link.pk]),
            money=booked.get((link.pk, link.currency), Money()) if link.pk in summed else None,
            **{name: found.get(link.pk, nothing)[name] for name in nothing},
        )
        for link in links
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLately:
    """How far the buyers came who began by a payment link in the last 30 days, as they stand now."""

    begun: int
    picked: int  # chose what to pay with
    paid: int
    mean: Decimal | None  # of what was paid

    @property
    def paid_percent(self) -> int | None:
        """Of those who began."""
        return round(100 * self.paid / self.begun) if self.begun else None


def lately(link: PaymentLink, now: datetime) -> LinkLately:
    """In one query, of no more than the link's newest sessions (`searching.NEWEST`). Who paid has picked."""
    newest = CheckoutSession.objects.filter(payment_link=link).order_by("-id")[:NEWEST]
    is_new, is_paid = Q(created_at__gte=now - LATELY), Q(status=Status.COMPLETED)
    found = newest.aggregate(
        begun=Count("pk", filter=is_new),
        picked=Count("pk", filter=is_new & (is_paid | Q(quote__isnull=False))),
        paid=Count("pk", filter=is_new & is_paid),
        mean=Avg("amount", filter=is_new & is_paid),
    )
    return LinkLately(**found)
