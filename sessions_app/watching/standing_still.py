"""While a network cannot be read, the time of sessions that are to be paid on it stands still.

Somebody may have paid in time, and nobody can see it. A session's end moves on while it lasts, so that it is never in
the past; when the network is back, its timeline and an event say by how much it was moved. `stands_still_since` is up
to when that was done: whoever dies in between has forgotten nothing, and nothing is done twice.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Greatest, Least
from django.utils import timezone

from chains_app.networks.networks import all_networks
from chains_app.reading.health import NOTICED_AFTER, unread_networks
from sessions_app.models import CheckoutSession, DepositAddress
from sessions_app.state.expiry import expire_due
from sessions_app.state.lifecycle import News, hold_many, lock_many, reassess_many
from sessions_app.status import Status
from webhooks_app.event_types import EventType

# Prices and stock cannot be held for ever: a session's end is moved by so much at most, of all its networks' outages.
MOVED_AT_MOST = timedelta(hours=24)
# How much time is left to pay at least, while it lasts and after it.
_LEFT_AT_LEAST = timedelta(minutes=1)
# Two looks are further apart at most.
_SOON = timedelta(seconds=30)
_AT_ONCE = 500


def keep_ends(now: datetime) -> None:
    """Stops the time of sessions whose network cannot be read, moves their ends, and lets it run again afterwards.

    To be called often, and before sessions are expired. Several may run at once.
    """
    unread = unread_networks(now, for_at_least=timedelta(0))
    for network, since in unread.items():
        _stop(network, since, now)
    standing = CheckoutSession.objects.filter(status=Status.OPEN, stands_still_since__isnull=False)
    if standing.exists():
        _move_ends(standing, now)
        back = standing.exclude(quote__network__in=unread).order_by("pk").values_list("pk", flat=True)
        for at in range(0, len(ids := list(back)), _AT_ONCE):
            _let_go(ids[at : at + _AT_ONCE], now)


def end_what_is_over() -> int:
    """Expires sessions whose time is over, of which none is that stands still; returns how many."""
    keep_ends(timezone.now())
    return expire_due()


def _stop(network: str, since: datetime, now: datetime) -> None:
    """Of all once it is an outage that people are told of; before, of those whose time would run out meanwhile."""
    sessions = CheckoutSession.objects.filter(
        status=Status.OPEN,
        quote__network=network,
        stands_still_since=None,
        expires_at__gt=since,
        moved_by__lt=MOVED_AT_MOST,
    )
    if now < since + NOTICED_AFTER:
        sessions = sessions.filter(expires_at__lte=since + NOTICED_AFTER + _SOON)
    with transaction.atomic():
        hold_many(ids := list(sessions.values_list("pk", flat=True)))
        sessions.filter(pk__in=ids).update(stands_still_since=since)


def _move_ends(standing: QuerySet[CheckoutSession], now: datetime) -> None:
    """Of those that have little time left, by the time that has passed."""
    passed = Value(now, DateTimeField()) - F("stands_still_since")
    needed = Value(now + _LEFT_AT_LEAST, DateTimeField()) - F("expires_at")
    by = Least(Greatest(passed, needed), Value(MOVED_AT_MOST) - F("moved_by"))
    with transaction.atomic():
        ending = standing.filter(expires_at__lte=now + _SOON, moved_by__lt=MOVED_AT_MOST)
        hold_many(ids := list(ending.values_list("pk", flat=True)))
        ending.filter(pk__in=ids).update(
            expires_at=F("expires_at") + by,
            watch_until=F("watch_until") + by,
            held_until=F("held_until") + by,
            stands_still_since=F("stands_still_since") + by,
            moved_by=F("moved_by") + by,
        )
        _watch_as_long(standing.filter(pk__in=ids))


def _let_go(ids: list[int], now: datetime) -> None:
    """Moves their ends by what is left of the outage, and says so."""
    news = {}
    with transaction.atomic():
        for session in lock_many(ids):
            if session.status != Status.OPEN or session.stands_still_since is None:
                continue
            passed = max(timedelta(0), now - session.stands_still_since)
            by = min(passed, MOVED_AT_MOST - session.moved_by)
            session.expires_at += by
            session.watch_until += by
            session.held_until = session.held_until + by if session.held_until else None
            session.moved_by += by
            session.stands_still_since = None
            session.save(update_fields=["expires_at", "watch_until", "held_until", "moved_by", "stands_still_since"])
            news[session.pk] = News(reason=_reason(session), noted=True, event=EventType.CHECKOUT_EXTENDED)
        _watch_as_long(CheckoutSession.objects.filter(pk__in=news))
        reassess_many(news, now=now)


def _watch_as_long(sessions: QuerySet[CheckoutSession]) -> None:
    until = CheckoutSession.objects.filter(pk=OuterRef("session_id")).values("watch_until")
    behind = DepositAddress.objects.filter(session__in=sessions, watch_until__lt=F("session__watch_until"))
    behind.update(watch_until=Subquery(until))


def _reason(session: CheckoutSession) -> str:
    network = all_networks().get(session.quote.network) if session.quote else None
    name = network.name if network else "A network"
    seconds = round(session.moved_by.total_seconds())
    by = f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"
    return (
        f"{name} could not be read: the time to pay was moved by {by} in all, to {session.expires_at:%d %b %H:%M} UTC."
    )
