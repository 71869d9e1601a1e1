"""What nodes said and makes no sense: kept as rows, asked for again ever less often, settled when it can be read."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from chains_app.models import ScanCursor, SetAside
from chains_app.networks.networks import Network, all_networks
from chains_app.reading.reader import Doubt

# Most oddities are a node that has not made up its mind for a second; the others get a try every six hours, for days.
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=6)
MOST_TRIES = 60
# A payment that is stored is asked for until its place is known.
PAYMENT = "payment"
# Blocks that an operator wants to be read again: nothing odd. A row is as many of them, of places that stay the same,
# so that asking once more adds none.
ASKED = "asked"
AT_ONCE = 5_000


def set_aside(network: Network, doubts: Iterable[Doubt], now: datetime) -> None:
    """Notes them, each once however often it is met. One that was settled and is met again is open again."""
    rows = {
        (doubt.what, doubt.place): SetAside(
            network=network.id,
            what=doubt.what,
            place=doubt.place,
            first_block=doubt.first,
            last_block=doubt.last,
            address=doubt.address,
            why=doubt.why[:300],
            first_at=now,
            last_at=now,
            try_at=now + FIRST_PAUSE,
        )
        for doubt in doubts
    }
    if rows:
        SetAside.objects.bulk_create(
            rows.values(),
            update_conflicts=True,
            unique_fields=["network", "what", "place"],
            update_fields=["first_block", "last_block", "address", "why", "last_at", "settled_at"],
        )


def read_again(cursor: ScanCursor, length: timedelta, *, by: str, now: datetime) -> int:
    """Has the last blocks of a network that were read asked for again, in whole pieces; returns how many blocks.

    What a node left out then is found; what is stored already is the same row. by: the operator who wants it.
    """
    network = all_networks().get(cursor.network)
    if network is None or not network.has_nodes or not cursor.block_hash:
        return 0
    last = cursor.block_number
    first = max(0, last - int(length.total_seconds() / network.block_seconds) + 1) // AT_ONCE * AT_ONCE
    pieces = [(at, at + AT_ONCE - 1) for at in range(first, last + 1, AT_ONCE)]
    doubts = [
        Doubt(what=ASKED, place=f"{at} to {end}", first=at, last=end, address="", why=f"{by} wants it read again")
        for at, end in pieces
    ]
    set_aside(network, doubts, now)
    places = [doubt.place for doubt in doubts]
    ask_now(SetAside.objects.filter(network=network.id, what=ASKED, place__in=places))
    return last - first + 1


def due(network: Network, now: datetime) -> QuerySet[SetAside]:
    """What made no sense and is to be asked for again now, the longest overdue first."""
    return _due(network, now).exclude(what=ASKED)


def wanted(network: Network, now: datetime) -> QuerySet[SetAside]:
    """What an operator wants to be read again and was not yet, the longest overdue first."""
    return _due(network, now).filter(what=ASKED)


def with_waiting(cursors: QuerySet[ScanCursor]) -> QuerySet[ScanCursor]:
    """Each with `set_aside`: how many things of its network make no sense until now. What is only wanted again is none.

    A network that nobody has read has none.
    """
    rows = SetAside.objects.filter(settled_at=None, network=OuterRef("network")).exclude(what=ASKED)
    of_network = rows.order_by().values("network").annotate(number=Count("id")).values("number")
    return cursors.annotate(set_aside=Coalesce(Subquery(of_network), 0))  # type: ignore[no-redef]  # the model says so


def _due(network: Network, now: datetime) -> QuerySet[SetAside]:
    rows = SetAside.objects.filter(network=network.id, settled_at=None, try_at__lte=now)
    return rows.filter(Q(tries__lt=MOST_TRIES) | Q(what=PAYMENT)).order_by("try_at", "id")


def open_places(network: Network, what: str, places: Iterable[str]) -> set[str]:
    """Those of these places at which such a thing is set aside and not settled."""
    if not (asked := list(places)):
        return set()
    rows = SetAside.objects.filter(network=network.id, what=what, place__in=asked, settled_at=None)
    return set(rows.values_list("place", flat=True))


def ask_now(rows: QuerySet[SetAside]) -> int:
    """Lets those that are open be asked for again at once, also those that were given up; how many these are."""
    return rows.filter(settled_at=None).update(try_at=timezone.now(), tries=0)


def postpone(row: SetAside, why: str, now: datetime) -> None:
    """It made no sense this time either."""
    pause = min(FIRST_PAUSE * 2 ** min(row.tries + 1, 20), LONGEST_PAUSE)
    SetAside.objects.filter(pk=row.pk).update(tries=row.tries + 1, why=why[:300], last_at=now, try_at=now + pause)


def settle(row: SetAside, now: datetime) -> None:
    """It could be read."""
    SetAside.objects.filter(pk=row.pk).update(tries=row.tries + 1, last_at=now, settled_at=now)
