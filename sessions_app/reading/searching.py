"""Finds sessions by whatever somebody has at hand: what a buyer reads out, what a shop's order says, what is pasted.

What is written in one way only (ids, whole addresses, transactions, order numbers) is looked for among all sessions, by
an index. Parts of words, amounts and names are looked for among the newest `NEWEST`: an index for each of them would
cost every sale, and a person on the phone asks about something recent.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from chains_app.evm.values import checksummed
from chains_app.networks.networks import all_networks
from sessions_app.models import CheckoutSession, Customer, DepositAddress, Payment, PaymentLink, Refund
from sessions_app.scope import SessionScope
from sessions_app.state.customers import with_email
from sessions_app.status import Status
from webhooks_app.models import Delivery, Event

LONGEST = 200
NEWEST = 20_000

# The list's tabs: each a word in the URL, a label, and what belongs to it.
TABS: tuple[tuple[str, str, Q], ...] = (
    ("", "All", Q()),
    (Status.OPEN, "Open", Q(status=Status.OPEN)),
    (Status.PROCESSING, "Confirming", Q(status=Status.PROCESSING)),
    (Status.COMPLETED, "Completed", Q(status=Status.COMPLETED)),
    (Status.EXPIRED, "Expired", Q(status=Status.EXPIRED)),
    (Status.CANCELLED, "Cancelled", Q(status=Status.CANCELLED)),
    ("odd", "With an issue", Q(issue__isnull=False)),
)

_ID = re.compile(r"\b(cs|pg|pay|ref|cus|pl|evt|dlv|mer)_[0-9a-z]{10,40}\b")
_HASH = re.compile(r"\b0x[0-9a-f]{64}\b", re.IGNORECASE)
_ADDRESS = re.compile(r"\b0x[0-9a-f]{40}\b", re.IGNORECASE)
# As explorers and wallets shorten: 0x9c41…f268, 0x9c41...f268, 0x9c41e07b.
_SHORTENED = re.compile(r"0x([0-9a-f]{3,63})(?:(?:…|\.{2,})([0-9a-f]{2,}))?", re.IGNORECASE)
_AMOUNT = re.compile(
    r"(?:(?P<before>[A-Za-z]{2,10})\s*)?(?P<digits>[0-9][0-9.,'’\s]*)(?:\s*(?P<after>[A-Za-z]{2,10}))?"
)


def in_tab(sessions: QuerySet[CheckoutSession], tab: str) -> QuerySet[CheckoutSession]:
    """The list narrowed to a tab; an unknown one narrows nothing."""
    return sessions.filter(next((belongs for name, _, belongs in TABS if name == tab), Q()))


def sought(scope: SessionScope, sessions: QuerySet[CheckoutSession], text: str) -> QuerySet[CheckoutSession]:
    """A business's list narrowed to what a person typed."""
    return _sought(_Shop(sessions=scope.sessions(), customers=scope.customers()), sessions, text)


def sought_everywhere(sessions: QuerySet[CheckoutSession], text: str) -> QuerySet[CheckoutSession]:
    """The same for an operator, over all businesses."""
    return _sought(_Shop(sessions=CheckoutSession.objects.all(), customers=Customer.objects.all()), sessions, text)


@dataclass(frozen=True)
class _Shop:
    """Where is looked."""

    sessions: QuerySet[CheckoutSession]
    customers: QuerySet[Customer]

    def newest(self) -> Q:
        """The newest sessions, as a range of their key."""
        beyond = self.sessions.order_by("-id").values_list("id", flat=True)[NEWEST : NEWEST + 1]
        return Q(pk__gt=next(iter(beyond), 0))


def _sought(shop: _Shop, sessions: QuerySet[CheckoutSession], text: str) -> QuerySet[CheckoutSession]:
    text = text.replace("\0", "").strip()[:LONGEST]
    if not text:
        return sessions
    return sessions.alias(metadata_text=Cast("metadata", TextField())).filter(_place(text, shop))


def _place(text: str, shop: _Shop) -> Q:
    if found := _ID.search(text.lower()):
        return _of_id(found[0])
    if found := _HASH.search(text):
        return _of_transaction(found[0].lower())
    # Addresses are shown in groups, and copied so.
    if found := _ADDRESS.search(re.sub(r"\s+", "", text)):
        return _of_address(found[0], shop)
    if found := _SHORTENED.fullmatch(re.sub(r"\s+", "", text)):
        return _of_part(found[1].lower(), (found[2] or "").lower(), shop)
    if "@" in text.strip("@"):
        return Q(customer__in=with_email(shop.customers, text))
    return _of_words(text, shop)


def _of_id(public_id: str) -> Q:
    kind = public_id.partition("_")[0]
    subjects: dict[str, Q] = {
        "cs": Q(public_id=public_id) | Q(page_token=public_id),  # old pages have the session's id in their address
        "pg": Q(page_token=public_id),
        "pay": Q(pk__in=Payment.objects.filter(public_id=public_id).values("session")),
        "ref": Q(pk__in=Refund.objects.filter(public_id=public_id).values("session")),
        "cus": Q(customer__in=Customer.objects.filter(public_id=public_id)),
        "pl": Q(payment_link__in=PaymentLink.objects.filter(public_id=public_id)),
        "mer": Q(merchant__public_id=public_id),
        "evt": Q(public_id__in=Event.objects.filter(public_id=public_id).values("subject")),
        "dlv": Q(public_id__in=Delivery.objects.filter(public_id=public_id).values("event__subject")),
    }
    return subjects[kind]


def _of_transaction(tx_hash: str) -> Q:
    """Of a payment or a refund. The networks are named because the index begins with them."""
    networks = list(all_networks())
    paid = Payment.objects.filter(network__in=networks, tx_hash=tx_hash).values("session")
    back = Refund.objects.filter(network__in=networks, tx_hash=tx_hash).values("session")
    return Q(pk__in=paid) | Q(pk__in=back)


def _of_address(address: str, shop: _Shop) -> Q:
    """A deposit; or whoever paid, or wants money back, with it."""
    deposits = DepositAddress.objects.filter(address=checksummed(address.lower())).values("session")
    sent = Exists(Payment.objects.filter(session=OuterRef("pk"), sender__iexact=address))
    return Q(pk__in=deposits) | shop.newest() & (Q(sent) | Q(refund_address__iexact=address))


def _of_part(beginning: str, end: str, shop: _Shop) -> Q:
    beginning = f"0x{beginning}"
    paid = Payment.objects.filter(session=OuterRef("pk"))
    moved = paid.filter(tx_hash__startswith=beginning, tx_hash__endswith=end)
    sent = paid.filter(sender__istartswith=beginning, sender__iendswith=end)
    to = Q(deposit__address__istartswith=beginning, deposit__address__iendswith=end)
    return shop.newest() & (Q(Exists(moved)) | Q(Exists(sent)) | to)


def _of_words(text: str, shop: _Shop) -> Q:
    """An order number, whole by the index; among the newest whatever has the words in it, or comes to the amount."""
    parts = (
        Q(reference__icontains=text) | Q(product_id__icontains=text) | Q(product_name__icontains=text)
        | Q(name__icontains=text) | Q(email__istartswith=text) | Q(metadata_text__icontains=text)
    )  # fmt: skip
    for amount in _amounts(text):
        parts |= amount
    return Q(reference=text) | Q(product_id=text) | shop.newest() & parts


def _amounts(text: str) -> Iterator[Q]:
    """The prices, and the payments, that a text can mean: `49`, `1,234.50`, `49 USD`, `USDC 17.5`."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return
    unit = (found["before"] or found["after"] or "").upper()
    for value in _values(found["digits"]):
        if not unit:
            yield Q(amount=value)
            continue
        yield Q(amount=value, currency=unit)
        for decimals in {each.assets[unit].decimals for each in all_networks().values() if unit in each.assets}:
            paid = Payment.objects.filter(session=OuterRef("pk"), asset=unit, decimals=decimals)
            yield Q(Exists(paid.filter(amount_units=value.scaleb(decimals))))


def _values(digits: str) -> set[Decimal]:
    """Both readings where a comma or point could be either: 1,234 is 1234 in New York and 1.234 in Berlin."""
    plain = re.sub(r"[\s'’]", "", digits).rstrip(".,")
    texts = {plain.replace(",", ""), plain.replace(".", "").replace(",", ".")}
    return {Decimal(each) for each in texts if re.fullmatch(r"[0-9]{1,30}(\.[0-9]{1,18})?", each)}
