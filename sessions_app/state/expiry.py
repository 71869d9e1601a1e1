"""Ends sessions whose time is over: in batches by the clock, and one by one when somebody looks at them.

And those whose order another session has paid, by the clock (`orders/paid_once.py`), and asks about money of which no
rate says what it is worth.
"""

import time
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from sessions_app.models import NEVER_PAYS, Announcement, Authorization, CheckoutSession, Payment, has_become
from sessions_app.orders.paid_once import payer_of, untold, waiting_orders
from sessions_app.state.children import Session, payments_of
from sessions_app.state.evaluation import RATE_PATIENCE
from sessions_app.state.lifecycle import TIME_IS_OVER, News, expire_overdue, lock, reassess
from sessions_app.status import Ended, Status

BATCH = 1000
_REST = 1.25  # of the time that a batch took


def expire_due(*, batches: int = 20) -> int:
    """Expires what is overdue, a batch a transaction; returns how many. What is left, the next run takes.

    Between batches it rests a little longer than the last one took: shops go on creating sessions beside a large
    backlog (`python -m bench expiry`).
    """
    done = 0
    for _ in range(batches):
        began = time.perf_counter()
        expired = expire_overdue(BATCH)
        done += expired
        if expired < BATCH:
            break
        time.sleep(_REST * (time.perf_counter() - began))
    settle_orders()
    ask_about_unpriced()
    return done


def settle_orders() -> None:
    """Ends the open sessions of references that were paid by another, unless money was seen or announced for them.

    All others are told, so that what completes them is asked about. Safe to run twice at once, and again after a stop.
    """
    for paid in waiting_orders(BATCH):
        for key in untold(paid):
            _tell(key)
        CheckoutSession.objects.filter(pk=paid.pk).update(others_wait=False)


def ask_about_unpriced() -> None:
    """Has people decide on what came and no rate has turned up for, for so long as it was waited for.

    Each is looked at once: a session that somebody has looked at since then stands as it is. Safe to run twice at once.
    """
    long_ago = timezone.now() - RATE_PATIENCE
    given_up = Payment.objects.filter(
        value=None,
        vanished_at=None,
        counts=True,
        seen_at__lte=long_ago,
        session__needs_decision=False,
        session__updated_at__lt=F("seen_at") + RATE_PATIENCE,
    )
    for key in set(given_up.values_list("session", flat=True)[:BATCH]):
        reassess(key, News(reason="No rate has turned up for what came.", noted=True))


@transaction.atomic
def _tell(session_id: int) -> None:
    session = lock(session_id)
    payer = payer_of(session)
    if payer is None or session.order_paid_by:
        return
    session.order_paid_by, now = payer, timezone.now()
    is_over = is_overdue(session, now=now)
    if session.status == Status.OPEN and not is_over and not payments_of(session) and not _is_announced(session):
        session.ended_by, session.ended_at = Ended.CANCELLED, now
    session.save(update_fields=["order_paid_by", "ended_by", "ended_at"])
    reassess(session.pk, News(reason=TIME_IS_OVER if is_over else f"The order was paid by {payer}."), now=now)


def _is_announced(session: CheckoutSession) -> bool:
    """Whether money may be on its way. That its wallet took it back is no proof that none is."""
    is_signed = Authorization.objects.filter(session=session, over_at=None).exists()
    return is_signed or Announcement.objects.filter(session=session).exclude(has_become(NEVER_PAYS)).exists()


def up_to_date(session: CheckoutSession, *, now: datetime | None = None) -> CheckoutSession:
    """The session as it is now: one that is overdue is expired before anybody is shown it as open."""
    return expired(session.pk, now=now) if is_overdue(session, now=now) else session


def is_overdue(session: Session, *, now: datetime | None = None) -> bool:
    """Whether it stands as open though its time is over."""
    return session.status == Status.OPEN and session.expires_at <= (now or timezone.now())


def expired(session_id: int, *, now: datetime | None = None) -> CheckoutSession:
    """An overdue session, once that is noticed."""
    return reassess(session_id, News(reason=TIME_IS_OVER), now=now)
