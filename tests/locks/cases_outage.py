"""Rules of a network's outage that are one: the time of sessions stops, their ends move, and it runs again."""

from datetime import timedelta

from django.utils import timezone

from chains_app.models import ScanCursor
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.watching.standing_still import keep_ends
from tests.locks.breaking import Act, holds
from tests.locks.stage import waiting_for_money


def unread_for_a_minute() -> None:
    since = timezone.now() - timedelta(minutes=1)
    ScanCursor.objects.create(network="sandbox", block_number=9, block_hash="0x9", unread_since=since)


def standing(mia: Merchant, *, minutes_left: float) -> None:
    """A session whose time has stood still for a minute."""
    now, session = timezone.now(), waiting_for_money(mia)
    CheckoutSession.objects.filter(pk=session.pk).update(
        stands_still_since=now - timedelta(minutes=1), expires_at=now + timedelta(minutes=minutes_left)
    )


ALL = "the strangers wait for money on that network, too"


@holds("sessions_app.watching.standing_still._stop", everybody=ALL)
def a_network_that_is_away(mia: Merchant) -> Act:
    waiting_for_money(mia)
    unread_for_a_minute()
    return lambda: keep_ends(timezone.now())


@holds("sessions_app.watching.standing_still._move_ends", apart=1, everybody=ALL)
def a_network_that_stays_away(mia: Merchant) -> Act:
    standing(mia, minutes_left=0.1)
    unread_for_a_minute()
    return lambda: keep_ends(timezone.now())


@holds("sessions_app.watching.standing_still._let_go")
def a_network_that_is_back(mia: Merchant) -> Act:
    standing(mia, minutes_left=30)
    return lambda: keep_ends(timezone.now())
