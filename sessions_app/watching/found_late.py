"""Stores what was found outside the watcher's reading: in blocks that it had read before. The same rules count it."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.networks.networks import Network
from chains_app.reading.reader import Transfer
from chains_app.reading.scanning import Position, hold
from sessions_app.state.lifecycle import reassess_many
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import Sightings, take_in


def store(network: Network, found: Iterable[Transfer], *, at: Position | None) -> None:
    """Payments of which some may be known. `at` is how far the network was read before. Raises CursorMoved."""
    transfers = list(found)
    if not transfers:
        return
    sightings = take_in(network, transfers, timezone.now())
    with transaction.atomic():
        hold(network, at=at)
        count(network, sightings)


def count(network: Network, sightings: Sightings) -> None:
    """Within a transaction that holds the cursor."""
    reassess_many(record(network, sightings))
    # What is news may have been collected before anybody asked for its collection, or while somebody did.
    numbers = [
        *(each.block_number for each in sightings.fresh),
        *(each.block_number for each in sightings.again.values()),
    ]
    if blocks := [each for each in numbers if each is not None]:
        cursor = ScanCursor.objects.filter(pk=network.id)
        cursor.filter(collections_read__gte=min(blocks)).update(collections_read=min(blocks) - 1)
        final = cursor.filter(block_number__gte=min(blocks) + network.confirmations.normal)
        final.update(found_late=F("found_late") + 1)
