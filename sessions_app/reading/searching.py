"""Finds sessions by whatever somebody has at hand: what a buyer reads out, what a shop's order says, what is pasted.

What is written in one way only (ids, whole addresses, transactions, order numbers) is looked for among all sessions, by
an index. Parts of words, amounts and names are looked for among the newest `NEWEST`: an index for each of them would
cost every sale, and a person on the phone asks about something recent. So are refunds by where they went.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import cached_property, reduce
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from chains_app.evm.values import checksummed
from chains_app.networks.networks import all_networks
from merchants_app.businesses.days import day_in
from sessions_app.books.definitions import MOST_SUMMED
from sessions_app.models import CheckoutSession, Customer, DepositAddress, Payment, PaymentLink, Refund
from sessions_app.scope import SessionScope
from sessions_app.state.customers import with_email
from webhooks_app.models import Delivery, Event

LONGEST = 200
NEWEST = 20_000
_IN_NEWEST = f": looked for among the newest {NEWEST:,} sessions, a whole"

_ID = re.compile(r"\b(cs|pg|pay|ref|cus|pl|evt|dlv|mer)_[0-9a-z]{10,40}\b")
_HASH = re.compile(r"\b0x[0-9a-f]{64}\b", re.IGNORECASE)
_ADDRESS = re.compile(r"\b0x[0-9a-f]{40}\b", re.IGNORECASE)
# As explorers and wallets shorten, and people read out: 0x9c41…f268, 0x9c41...f268, 0x9c41e07b, …f268.
_SHORTENED = re.compile(r"(?:0x([0-9a-f]{3,63}))?(?:(?:…|\.{2,})([0-9a-f]{4,}))?", re.IGNORECASE)
# A name and what it is in metadata: `cartId 98471`, `cartId: 98471`.
_NAMED = re.compile(r"([^\s:=]{1,60})\s*[\s:=]\s*(.+)")
_AMOUNT = re.compile(
    r"(?:(?P<before>[A-Za-z]{2,10})\s*)?(?P<digits>[0-9][0-9.,'’\s]*)(?:\s*(?P<after>[A-Za-z]{2,10}))?"
)


def found_by(scope: SessionScope, text: str) -> list[int]:
    """The keys of a business's sessions that a person may mean, in two queries, each of which an index serves: no more
    of them than are summed up, and one.
    """
    shop = _Shop(
        sessions=scope.bare_sessions(),
        payments=scope.payments().order_by(),
        refunds=scope.all_refunds(),
        customers=scope.customers(),
        zone=ZoneInfo(scope.merchant.time_zone),
        knows_buyers=True,
    )
    return _found(shop, tidied(text))


def found_as_filter(scope: SessionScope, text: str) -> dict[str, Any]:
    """The same as a filter of the list (`list_sql.py`): a popular link's sessions are too many to be told by keys."""
    kind, part = _kind_of(tidied(text))
    is_link = kind == Kind.ID and part.startswith("pl_")
    return {"found_link": part} if is_link else {"found": found_by(scope, text)}


def sought_everywhere(sessions: QuerySet[CheckoutSession], text: str) -> QuerySet[CheckoutSession]:
    """The same for an operator, over all businesses: a list narrowed to it. What names the buyer is given whole."""
    text = tidied(text)
    if not text:
        return sessions
    shop = _Shop()
    if _kind_of(text)[0] in {Kind.ADDRESS, Kind.PART}:
        # These are few. Said as one condition, either, PostgreSQL would hold it against each session there is.
        return sessions.filter(pk__in=_found(shop, text))
    place = _place(text, shop)
    return _with_words(sessions).filter(place.everywhere | (shop.newest() & place.newest if place.newest else Q()))


def found_everywhere(text: str) -> list[int]:
    """The keys of the sessions that an operator may mean, for lists of what belongs to sessions."""
    return _found(_Shop(), tidied(text))


def _found(shop: "_Shop", text: str) -> list[int]:
    found: set[int] = set()
    place = _place(text, shop)
    for condition in (place.everywhere, place.newest and shop.newest() & place.newest):
        if condition:
            some = _with_words(shop.sessions).filter(condition).order_by("-id")
            found.update(some.values_list("pk", flat=True)[: MOST_SUMMED + 1])
    return list(found)


def beyond_newest(rows: QuerySet[Any]) -> int:
    """The key of the newest row that is not among the newest, which are those above it. `rows`: newest first."""
    return next(iter(rows.values_list("id", flat=True)[NEWEST : NEWEST + 1]), 0)


@dataclass(frozen=True)
class _Shop:
    """Where is looked: unless it is said, in all businesses."""

    sessions: QuerySet[CheckoutSession] = field(default_factory=CheckoutSession.objects.all)
    payments: QuerySet[Payment] = field(default_factory=Payment.objects.all)
    refunds: QuerySet[Refund] = field(default_factory=Refund.objects.all)
    customers: QuerySet[Customer] = field(default_factory=Customer.objects.all)
    zone: tzinfo = UTC  # where its days begin
    knows_buyers: bool = False  # operators see who buys for a reason alone: parts would spell it, letter by letter

    @cached_property
    def beyond(self) -> int:
        """The key of the newest session that is not among the newest."""
        return beyond_newest(self.sessions.order_by("-id"))

    def newest(self) -> Q:
        """The newest sessions, as a range of their key."""
        return Q(pk__gt=self.beyond)

    def paid_by(self, *which: Q) -> Q:
        """The newest sessions that have such a payment. Said of payments, which are read once, and not by session."""
        return Q(pk__in=self.payments.filter(*which, session__gt=self.beyond).values("session"))

    def sent_back(self, which: Q) -> QuerySet[Refund, Any]:
        """The sessions of the newest refunds that are so, however old those are."""
        beyond = beyond_newest(self.refunds.order_by("-id"))
        return self.refunds.filter(which, pk__gt=beyond).values("session")


def _with_words(sessions: QuerySet[CheckoutSession]) -> QuerySet[CheckoutSession]:
    return sessions.alias(metadata_text=Cast("metadata", TextField()))


@dataclass(frozen=True)
class _Place:
    """Where a text is looked for: among all sessions, and among the newest. Empty: not there."""

    everywhere: Q = field(default_factory=Q)
    newest: Q = field(default_factory=Q)


class Kind(StrEnum):
    """What a text can be, as the page says it."""

    ID = "an id of ours"
    TRANSACTION = "a transaction"
    ADDRESS = f"an address: where somebody paid to, among all; who paid, among the newest {NEWEST:,} sessions"
    PART = f"the beginning of a transaction or address{_IN_NEWEST} transaction or deposit address among all"
    EMAIL = "an e-mail address"
    AMOUNT = f"an amount, an order number, or words{_IN_NEWEST} order number among all"
    DAY = f"a day, an order number, or words{_IN_NEWEST} order number among all"
    WORDS = f"an order number, or words{_IN_NEWEST} order number among all"


_IDS = {
    "cs": "a session", "pg": "the address of a buyer's page", "pay": "a payment", "ref": "a refund",
    "cus": "a customer", "pl": "a payment link", "evt": "an event", "dlv": "a delivery", "mer": "a business",
}  # fmt: skip


def read_as(text: str) -> str:
    """How a text is read, for a sentence: “… was read as an address”."""
    kind, part = _kind_of(tidied(text))
    return _IDS[part.partition("_")[0]] if kind == Kind.ID else kind.value


def tidied(text: str) -> str:
    """What somebody typed, as far as anything is called that."""
    return text.replace("\0", "").strip()[:LONGEST]


def _kind_of(text: str) -> tuple[Kind, str]:
    """What a text is, and the part of it that says so."""
    joined = re.sub(r"\s+", "", text)
    if found := _ID.search(text.lower()):
        return Kind.ID, found[0]
    # Addresses are shown in groups, and copied so.
    if found := _HASH.search(text) or _HASH.fullmatch(joined):
        return Kind.TRANSACTION, found[0].lower()
    if found := _ADDRESS.search(joined):
        return Kind.ADDRESS, found[0]
    if joined and (found := _SHORTENED.fullmatch(joined)):
        return Kind.PART, found[0].lower()
    if "@" in text.strip("@"):
        return Kind.EMAIL, text
    if day_in(text):
        return Kind.DAY, text
    return (Kind.AMOUNT if any(_amounts(text)) else Kind.WORDS), text


def _place(text: str, shop: _Shop) -> _Place:
    kind, part = _kind_of(text)
    match kind:
        case Kind.ID:
            return _Place(_of_id(part))
        case Kind.TRANSACTION:
            return _Place(_of_transaction(part, shop))
        case Kind.ADDRESS:
            return _of_address(part, shop)
        case Kind.PART:
            return _of_part(part, shop)
        case Kind.EMAIL:
            return _Place(Q(customer__in=with_email(shop.customers, part)))
        case _:
            return _of_words(part, shop)


def _of_id(public_id: str) -> Q:
    kind = public_id.partition("_")[0]
    if kind == "pl":
        # By its key: a popular link's newest sessions are then the first of the index.
        link = PaymentLink.objects.filter(public_id=public_id).values_list("pk", flat=True).first()
        return Q(payment_link=link or 0)
    subjects: dict[str, Q] = {
        "cs": Q(public_id=public_id) | Q(page_token=public_id),  # old pages have the session's id in their address
        "pg": Q(page_token=public_id),
        "pay": Q(pk__in=Payment.objects.filter(public_id=public_id).values("session")),
        "ref": Q(pk__in=Refund.objects.filter(public_id=public_id).values("session")),
        "cus": Q(customer__in=Customer.objects.filter(public_id=public_id)),
        "mer": Q(merchant__public_id=public_id),
        "evt": Q(public_id__in=Event.objects.filter(public_id=public_id).values("subject")),
        "dlv": Q(public_id__in=Delivery.objects.filter(public_id=public_id).values("event__subject")),
    }
    return subjects[kind]


def _of_transaction(tx_hash: str, shop: _Shop) -> Q:
    """Of a payment or a refund, also one that it is only said to be. The index begins with the networks.

    One list of all: for two, PostgreSQL would compare each session of the business with each.
    """
    networks = list(all_networks())
    paid = Payment.objects.filter(network__in=networks, tx_hash=tx_hash).values("session")
    back = Refund.objects.filter(network__in=networks, tx_hash=tx_hash).values("session")
    return Q(pk__in=paid.union(back, shop.sent_back(Q(told_tx=tx_hash))))


def _of_address(address: str, shop: _Shop) -> _Place:
    """A deposit, or where a refund went; or whoever paid, or wants money back, with it."""
    written = checksummed(address.lower())
    deposits = DepositAddress.objects.filter(address=written).values("session")
    sent = shop.paid_by(Q(sender__iexact=address))
    return _Place(
        Q(pk__in=deposits.union(shop.sent_back(Q(to_address=written)))), sent | Q(refund_address__iexact=address)
    )


def _of_part(text: str, shop: _Shop) -> _Place:
    parts = _SHORTENED.fullmatch(text)
    assert parts
    beginning, end = f"0x{parts[1] or ''}", parts[2] or ""
    names = ("tx_hash", "told_tx", "to_address")
    back = reduce(or_, (Q(**{f"{each}__istartswith": beginning, f"{each}__iendswith": end}) for each in names))
    moved = Q(tx_hash__startswith=beginning, tx_hash__endswith=end)
    sent = Q(sender__istartswith=beginning, sender__iendswith=end)
    to = Q(address__istartswith=beginning, address__iendswith=end, session__gt=shop.beyond)
    newest = shop.paid_by(moved | sent) | Q(pk__in=DepositAddress.objects.filter(to).values("session"))
    return _Place(Q(pk__in=shop.sent_back(back)), newest)


def _of_words(text: str, shop: _Shop) -> _Place:
    """An order number, whole by the index; among the newest whatever has the words in it, or comes to the amount."""
    parts = Q(reference__icontains=text) | Q(product_id__icontains=text) | Q(product_name__icontains=text)
    buyer = Q(name__icontains=text) | Q(email__istartswith=text) | Q(metadata_text__icontains=text)
    parts |= buyer if shop.knows_buyers else Q(name__iexact=text)
    for amount, paid in _amounts(text):
        parts |= amount | (shop.paid_by(paid) if paid else Q())
    if day := day_in(text):
        begins, ends = (datetime.combine(each, time(), shop.zone) for each in (day, day + timedelta(days=1)))
        parts |= Q(created_at__gte=begins, created_at__lt=ends)
    whole = Q(reference=text) | Q(product_id=text)
    if named := _NAMED.fullmatch(text):
        whole |= Q(metadata__contains={named[1]: named[2]})
        if re.fullmatch(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?", named[2]):
            whole |= Q(metadata__contains={named[1]: Decimal(named[2])})
    return _Place(whole, parts)


def _amounts(text: str) -> Iterator[tuple[Q, Q]]:
    """The prices, and the payments, that a text can mean: `49`, `1,234.50`, `49 USD`, `USDC 17.5`."""
    if (found := _AMOUNT.fullmatch(text)) is None:
        return
    unit = (found["before"] or found["after"] or "").upper()
    for value in _values(found["digits"]):
        price, paid = Q(amount=value), Q()
        if unit:
            price &= Q(currency=unit)
            for decimals in {each.assets[unit].decimals for each in all_networks().values() if unit in each.assets}:
                paid |= Q(asset=unit, decimals=decimals, amount_units=value.scaleb(decimals))
        yield price, paid


def _values(digits: str) -> set[Decimal]:
    """Both readings where a comma or point could be either: 1,234 is 1234 in New York and 1.234 in Berlin."""
    plain = re.sub(r"[\s'’]", "", digits).rstrip(".,")
    texts = {plain.replace(",", ""), plain.replace(".", "").replace(",", ".")}
    return {Decimal(each) for each in texts if re.fullmatch(r"[0-9]{1,30}(\.[0-9]{1,18})?", each)}
