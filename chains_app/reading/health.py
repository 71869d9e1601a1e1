"""Whether a network can be read, and until when it was: noted by whoever reads it, told to all others by one rule."""

from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.networks.networks import Network, all_networks

# A network that cannot be read for longer is not offered, and people are told.
NOTICED_AFTER = timedelta(seconds=30)
# How far the time of a block may be from ours: blocks take a while to be made, some carry the time of their beginning,
# and chains' clocks differ.
CLOCKS_DIFFER_BY = timedelta(minutes=2)


def record_problem(*, network: Network, problem: str, clock: str = "", now: datetime | None = None) -> None:
    """Notes why the network could not be read, and since when; the next scan that ends well clears it.

    `clock` as `ReaderUnavailable` has it.
    """
    now = now or timezone.now()
    why = {"problem": problem[:300], "clock": clock}
    if not ScanCursor.objects.filter(pk=network.id).update(**why, unread_since=Coalesce("unread_since", now)):
        first = {**why, "unread_since": now, "block_number": 0, "block_hash": ""}
        ScanCursor.objects.get_or_create(network=network.id, defaults=first)


def unread_networks(now: datetime, *, for_at_least: timedelta = NOTICED_AFTER) -> dict[str, datetime]:
    """Since when each network that cannot be read could not be, by id. One that was switched off is not meant."""
    rows = ScanCursor.objects.filter(unread_since__lte=now - for_at_least).values_list("network", "unread_since")
    is_on = _switched_on()
    return {name: since for name, since in rows if since and name in is_on}


class NotOffered(StrEnum):
    """Why nothing new is to be paid on a network."""

    UNREAD = "unread"
    CLOSED = "closed"  # by an operator; what is sent there is seen and counted all the same


def not_offered(now: datetime) -> dict[str, NotOffered]:
    """By its id, each network that buyers are not sent to at the moment, and why."""
    rows = ScanCursor.objects.filter(Q(closed_since__isnull=False) | Q(unread_since__lte=now - NOTICED_AFTER))
    is_on = _switched_on()
    return {
        name: NotOffered.CLOSED if closed_since else NotOffered.UNREAD
        for name, closed_since in rows.values_list("network", "closed_since")
        if name in is_on
    }


def close(network_id: str, now: datetime) -> bool:
    """Has nothing new paid on the network from now on; whether that was not so before."""
    return bool(ScanCursor.objects.filter(network=network_id, closed_since=None).update(closed_since=now))


def offer_again(network_id: str) -> bool:
    """Ends that; whether it was so."""
    return bool(ScanCursor.objects.filter(network=network_id, closed_since__isnull=False).update(closed_since=None))


def read_until(network: Network) -> datetime | None:
    """About the time of the newest block that was read; None when none ever was.

    A node may stand still for minutes before it counts as away: what is mined meanwhile is later than its newest block.
    """
    cursor = ScanCursor.objects.filter(pk=network.id).first()
    if cursor is None or cursor.scanned_at is None:
        return None
    newest = min(cursor.scanned_at, cursor.head_at or cursor.scanned_at)
    return newest - timedelta(seconds=max(0, cursor.head - cursor.block_number) * network.block_seconds)


def _switched_on() -> set[str]:
    return {network.id for network in all_networks().values() if network.is_enabled}
