"""Finds sessions by whatever a merchant has at hand: an id, an order number, an address, a transaction, a buyer."""

from django.db.models import Q, QuerySet

from sessions_app.models import CheckoutSession, Customer, Payment
from sessions_app.scope import SessionScope
from sessions_app.state.customers import with_email
from sessions_app.status import Status

LONGEST = 200

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


def in_tab(sessions: QuerySet[CheckoutSession], tab: str) -> QuerySet[CheckoutSession]:
    """The list narrowed to a tab; an unknown one narrows nothing."""
    return sessions.filter(next((belongs for name, _, belongs in TABS if name == tab), Q()))


def sought(scope: SessionScope, sessions: QuerySet[CheckoutSession], text: str) -> QuerySet[CheckoutSession]:
    """Their list narrowed to what a person typed; the kind of text decides where to look, so that an index answers."""
    text = text.strip()[:LONGEST]
    if not text:
        return sessions
    return sessions.filter(_place(text, scope.customers()))


def _place(text: str, customers: QuerySet[Customer]) -> Q:
    if text.startswith("cs_"):
        return Q(public_id=text)
    if text.startswith("pay_"):
        return Q(pk__in=_sessions_with_payment(public_id=text))
    if text.startswith("0x") and len(text) == 66:
        return Q(pk__in=_sessions_with_payment(tx_hash__iexact=text))
    if text.startswith("0x"):
        return Q(deposit__address__iexact=text)
    if "@" in text:
        return Q(customer__in=with_email(customers, text))
    return Q(reference=text) | Q(product_id=text) | Q(product_name__icontains=text) | Q(name__icontains=text)


def _sessions_with_payment(**which: str) -> QuerySet[Payment, int]:
    return Payment.objects.filter(**which).values_list("session_id", flat=True)
