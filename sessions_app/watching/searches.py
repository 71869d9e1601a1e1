"""Who asks to look for a session's money again, and when it is done: a row waits until a worker has done it."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from django.utils import timezone

from common.lease import lease
from merchants_app.audit import record
from sessions_app.errors import NoAddressYet, SearchedLately, SessionNotFound
from sessions_app.models import CheckoutSession, DepositAddress, MoneySearch
from sessions_app.watching.looking import Outcome, look

PAUSE = timedelta(minutes=10)
MOST_WAITING = 20
# What one search may take of the worker, and how many it does at once, of no more than half of its threads: nodes and
# threads have other things to do.
SECONDS = 240.0
AT_ONCE = 2

log = structlog.get_logger()


def ask_for_search(*, session: CheckoutSession, actor: str, now: datetime) -> MoneySearch:
    """Notes it, for `do_waiting`. Raises NoAddressYet, and SearchedLately for one that need not be."""
    if not DepositAddress.objects.filter(session=session).exists():
        raise NoAddressYet("The buyer was never shown an address, so nothing can have come.")
    last = session.searches.order_by("-id").first()
    if last and (last.done_at is None or now - last.asked_at < PAUSE):
        raise SearchedLately(f"Its money was looked for less than {PAUSE.seconds // 60} minutes ago, or is just now.")
    waiting = MoneySearch.objects.filter(done_at=None, session__merchant=session.merchant)
    if waiting.count() >= MOST_WAITING:
        raise SearchedLately(f"{MOST_WAITING} searches of this business wait already: let them be done first.")
    try:
        with transaction.atomic():
            search = MoneySearch.objects.create(session=session, actor=actor, asked_at=now)
            record(
                merchant=session.merchant,
                mode=session.mode,
                actor=actor,
                action="session.searched",
                subject=session.public_id,
            )
    except IntegrityError:  # somebody asked at the same moment
        raise SearchedLately("Its money is being looked for just now.") from None
    return search


def look_now(public_id: str) -> list[Outcome]:
    """For an operator who waits for it, however long it takes. Raises SessionNotFound."""
    found = CheckoutSession.objects.filter(public_id=public_id, deposit__isnull=False)
    session = found.select_related("deposit").first()
    if session is None:
        raise SessionNotFound(f"There is no session {public_id!r} whose buyer was shown an address.")
    return look(session)


def do_waiting() -> None:
    """Does the next that waits, unless as many as may be are done at this moment."""
    for place in range(max(1, min(AT_ONCE, settings.WORKER_THREADS // 2))):
        with lease(f"searching-for-money:{place}") as is_ours:
            if is_ours:
                _do_next()
                return


def last_search(session: CheckoutSession) -> MoneySearch | None:
    """The newest, done or not."""
    return session.searches.order_by("-id").first()


def _do_next() -> None:
    """One of the business whose turn it is: one at a time of each, so that none waits for all of another's."""
    waiting = MoneySearch.objects.filter(done_at=None).select_related("session__deposit").order_by("id")
    for merchant in _turns():
        with lease(f"searching-for-money-of:{merchant}") as is_ours:
            if is_ours and (search := waiting.filter(session__merchant=merchant).first()):
                _do(search)
                return


def _turns() -> list[int]:
    """The businesses that wait: first whose last search is longest ago, then who asked first."""
    of_business = MoneySearch.objects.order_by().values_list("session__merchant")
    asked = dict(of_business.filter(done_at=None).annotate(Min("id")))
    served = dict(of_business.filter(session__merchant__in=asked, done_at__isnull=False).annotate(Max("done_at")))
    return sorted(asked, key=lambda each: (served[each].timestamp() if each in served else 0.0, asked[each]))


def _do(search: MoneySearch) -> None:
    try:
        outcomes = look(search.session, seconds=SECONDS)
    except Exception:
        log.exception("search_failed", session_id=search.session.public_id)
        _done(search, found=0, said="It went wrong; the operator's log says how.")
        return
    _done(search, found=sum(each.found for each in outcomes), said=" ".join(each.said for each in outcomes))


def _done(search: MoneySearch, *, found: int, said: str) -> None:
    MoneySearch.objects.filter(pk=search.pk).update(done_at=timezone.now(), found=found, said=said[:1000])
