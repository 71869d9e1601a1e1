"""Ends sessions whose time is over: in batches by the clock, and one by one when somebody looks at them."""

import time
from datetime import datetime

from django.utils import timezone

from sessions_app.models import CheckoutSession
from sessions_app.state.children import Session
from sessions_app.state.lifecycle import TIME_IS_OVER, News, expire_overdue, reassess
from sessions_app.status import Status

BATCH = 1000
_REST = 1.25  # of the time that a batch took


def expire_due(*, batches: int = 20) -> int:
    """Expires what is overdue, a batch a transaction; returns how many. What is left, the next run takes.

    Between batches it rests a little longer than the last one took: shops go on creating sessions beside a large
    backlog (`bench/expiry.py`).
    """
    done = 0
    for _ in range(batches):
        began = time.perf_counter()
        expired = expire_overdue(BATCH)
        done += expired
        if expired < BATCH:
            break
        time.sleep(_REST * (time.perf_counter() - began))
    return done


def up_to_date(session: CheckoutSession, *, now: datetime | None = None) -> CheckoutSession:
    """The session as it is now: one that is overdue is expired before anybody is shown it as open."""
    return expired(session.pk, now=now) if is_overdue(session, now=now) else session


def is_overdue(session: Session, *, now: datetime | None = None) -> bool:
    """Whether it stands as open though its time is over."""
    return session.status == Status.OPEN and session.expires_at <= (now or timezone.now())


def expired(session_id: int, *, now: datetime | None = None) -> CheckoutSession:
    """An overdue session, once that is noticed."""
    return reassess(session_id, News(reason=TIME_IS_OVER), now=now)
