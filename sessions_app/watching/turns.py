"""How often each network is read: every second while somebody is to pay on it, seldom while nobody is.

Each reading costs calls, and providers count them. What comes unasked (late, or on another network than was picked) is
seen a little later; nothing is missed by it, since the next reading goes on where the last one ended.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.cache import caches

from chains_app.models import ScanCursor
from chains_app.networks.networks import Network, enabled_networks
from chains_app.reading.attention import awake
from common.modes import Mode
from sessions_app.models import CheckoutSession, Payment, Quote, Refund
from sessions_app.status import Status

# While buyers pay on other networks of the mode (somebody may send on the wrong one), and while nobody pays at all.
BESIDE_SECONDS, IDLE_SECONDS = 15, 60
# A refund that was prepared is signed soon, or some other day.
_SIGNED_WITHIN = timedelta(hours=1)
_LOOKED_UP, _LOOKED_UP_SECONDS = "networks-awaited", 10


def networks_due(now: datetime) -> list[Network]:
    """Those to be read now. To be asked every second."""
    networks = [each for mode in Mode for each in enabled_networks(mode)]
    cursors = {row.network: row for row in ScanCursor.objects.all()}
    awaited = _awaited(now) | awake([each.id for each in networks])
    busy = {each.mode for each in networks if each.id in awaited and not each.is_played}
    return [each for each in networks if _is_due(each, cursors.get(each.id), awaited, busy, now)]


def _is_due(network: Network, cursor: ScanCursor | None, awaited: set[str], busy: set[Mode], now: datetime) -> bool:
    if network.is_played or network.id in awaited:  # the sandbox's reading costs nobody a call
        return True
    if cursor is None or cursor.scanned_at is None or cursor.unread_since or cursor.block_number < cursor.head:
        return True
    rests = timedelta(seconds=BESIDE_SECONDS if network.mode in busy else IDLE_SECONDS)
    # Read in the future, it was by a machine whose clock is ahead: that says nothing.
    return not timedelta(0) <= now - cursor.scanned_at < rests


def _awaited(now: datetime) -> set[str]:
    """Networks on which something is expected. Looked up every ten seconds: what begins wakes its network itself."""
    hints = caches["hints"]
    found: set[str] | None = hints.get(_LOOKED_UP)
    if found is None:
        found = set(_look_up(now))
        hints.set(_LOOKED_UP, found, _LOOKED_UP_SECONDS)
    return found


def _look_up(now: datetime) -> Iterator[str]:
    # Of whatever was shown: who picked another option meanwhile may have paid by the first.
    paying = CheckoutSession.objects.filter(status=Status.OPEN, quote__isnull=False)
    yield from Quote.objects.filter(session__in=paying).values_list("network", flat=True).distinct()
    unsure = Payment.objects.filter(confirmed_at=None, vanished_at=None)
    yield from unsure.values_list("network", flat=True).distinct()
    refunds = Refund.objects.filter(confirmed_at=None, withdrawn_at=None)
    lately = refunds.filter(prepared_at__gt=now - _SIGNED_WITHIN) | refunds.filter(seen_at__isnull=False)
    yield from lately.values_list("network", flat=True).distinct()
