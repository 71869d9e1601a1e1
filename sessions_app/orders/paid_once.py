"""A reference is paid once: when one of its sessions is paid, the others are told, one transaction each.

Whoever completes a session only notes that others wait, since two sessions that are locked by one transaction can
deadlock with whoever supersedes one of them. What completes later than another session of its order, and was made
before that one was paid, is paid twice. A session that was made afterwards is a wanted repeat (`allowRepeat`), and what
was paid twice pays for none of them: it is to go back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from sessions_app.models import CheckoutSession

# Of those that were superseded, most have given their address to their successor.
_HAS_OWN_ADDRESS = Q(superseded_by=None) | Q(deposit__isnull=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOrder:
    """A session, as far as it matters to the others of its reference."""

    id: str
    key: int  # of those that were paid at the same instant, the one with the lower key was first
    created_at: datetime
    completed_at: datetime | None = None


def paid_before(session: OfOrder, others: Iterable[OfOrder]) -> str | None:
    """The first other session that paid for the order, after this one was made and before it was paid, if it was."""
    own = (session.completed_at, session.key) if session.completed_at else None
    last = None  # of the payments that count, when the newest of those looked at was completed
    for at, key, each in sorted((each.completed_at, each.key, each) for each in others if each.completed_at):
        if own and (at, key) > own:
            break
        if last and each.created_at < last:
            continue  # paid twice itself
        if at > session.created_at:
            return each.id
        last = at
    return None


def mark_paid_orders(paid: Sequence[CheckoutSession]) -> None:
    """Notes on locked sessions that are just becoming paid whether others of their references are to be told.

    Whoever creates one at this moment waits for the lock, and is refused.
    """
    same = CheckoutSession.objects.filter(
        _HAS_OWN_ADDRESS, merchant=OuterRef("merchant"), mode=OuterRef("mode"), reference=OuterRef("reference")
    ).exclude(pk=OuterRef("pk"))
    having = CheckoutSession.objects.filter(Exists(same), pk__in=[each.pk for each in paid])
    keys = set(having.values_list("pk", flat=True))
    for session in paid:
        session.others_wait = session.pk in keys


def waiting_orders(limit: int) -> list[CheckoutSession]:
    """Paid sessions of which others of the reference do not know yet."""
    return list(CheckoutSession.objects.filter(others_wait=True).order_by("pk")[:limit])


def others_of(session: CheckoutSession) -> QuerySet[CheckoutSession]:
    """The other sessions of its reference that have an address of their own."""
    own = CheckoutSession.objects.filter(
        _HAS_OWN_ADDRESS, merchant=session.merchant_id, mode=session.mode, reference=session.reference
    )
    return own.exclude(pk=session.pk)


def untold(paid: CheckoutSession) -> list[int]:
    """The keys of the others that were there when it was paid, were not paid before it, and do not know."""
    not_before = Q(completed_at=None) | Q(completed_at__gte=paid.completed_at)
    others = others_of(paid).filter(not_before, created_at__lt=paid.completed_at, order_paid_by=None)
    return list(others.order_by("pk").values_list("pk", flat=True))


def payer_of(session: CheckoutSession) -> str | None:
    """`paid_before` of a locked session: who is paid stays so, and its time does not change."""
    paid = others_of(session).filter(completed_at__isnull=False)
    return paid_before(_of_order(session), map(_of_order, paid))


def _of_order(session: CheckoutSession) -> OfOrder:
    return OfOrder(
        id=session.public_id, key=session.pk, created_at=session.created_at, completed_at=session.completed_at
    )
