"""Reads new blocks of a network and counts what arrived. Safe to run twice at once, and to be killed anywhere.

Asking the network comes first and holds no lock; then one transaction stores what was read, with the cursor that says
how far. Dying before it means reading again, dying after it means nothing.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from chains_app.networks import Network
from chains_app.reader import Reader, ReaderUnavailable, WrongChain
from chains_app.readers import reader_for
from chains_app.scanning import CursorMoved, Scan, record_problem, save_cursor, scan
from sessions_app.lifecycle import reassess_many
from sessions_app.models import CheckoutSession, Payment
from sessions_app.payments import (
    confirm,
    deep_enough,
    doubtful,
    mark_vanished,
    merged,
    record_transfers,
    sighting,
    value_unvalued,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _SecondLook:
    confirmed: list[Payment]
    vanished: list[Payment]


# Passes that one call makes at most when it finds itself behind: after a day of downtime others want their turn too.
MOST_PASSES = 20
_GUARD_SECONDS = 60


def watch_network(network: Network) -> None:
    """Follows a network up to its head. A failure is noted for the operator; the next call takes it up.

    The guard spares the provider a second reading of the same blocks. Nothing depends on it: two watchers at once do
    no harm, and it ends by itself should its holder die.
    """
    guard = f"watching:{network.id}"
    if not cache.add(guard, True, _GUARD_SECONDS):
        return
    try:
        reader = reader_for(network)
        for _ in range(MOST_PASSES):
            if not watch(network, reader):
                break
    except (ReaderUnavailable, WrongChain) as problem:
        log.warning("network_not_read", network=network.id, problem=str(problem))
        record_problem(network=network, problem=str(problem))
    finally:
        cache.delete(guard)


def watch(network: Network, reader: Reader) -> bool:
    """One pass over a network; whether blocks are left to read, so that another pass is worth it at once.

    Raises `ReaderUnavailable` when the network cannot be read now: nothing is lost, the next pass takes it up.
    """
    sessions: dict[str, CheckoutSession] = {}

    def addresses() -> dict[str, CheckoutSession]:
        sessions.update(watched_sessions(network, timezone.now()))
        return sessions

    seen = scan(network=network, reader=reader, addresses=addresses)
    second_look = _look_again(network, reader, seen)
    try:
        _store(network, seen, second_look, sessions, timezone.now())
    except CursorMoved:
        return False  # Another watcher stored these blocks meanwhile, and its pass counts.
    return seen.is_behind


def watched_sessions(network: Network, now: datetime) -> dict[str, CheckoutSession]:
    """The sessions of the network's mode whose address is watched, by address."""
    sessions = CheckoutSession.objects.filter(mode=network.mode, deposit__watch_until__gt=now).select_related("deposit")
    return {session.deposit.address: session for session in sessions}


def _look_again(network: Network, reader: Reader, seen: Scan) -> _SecondLook:
    """Before money is called confirmed or gone, the chain is asked for that very transaction once more."""
    deep = deep_enough(network, seen.head.number)
    missing = doubtful(network, [*seen.transfers, *seen.pending], replaced_from=seen.replaced_from)
    asked = [sighting(payment) for payment in (*deep, *missing) if payment.block_number is not None]
    there = reader.still_there(asked) if asked else frozenset()
    return _SecondLook(
        confirmed=[payment for payment in deep if sighting(payment) in there],
        vanished=[payment for payment in missing if sighting(payment) not in there],
    )


def _store(
    network: Network, seen: Scan, second_look: _SecondLook, sessions: dict[str, CheckoutSession], now: datetime
) -> None:
    with transaction.atomic():
        save_cursor(seen, now=now)
        news = merged(
            record_transfers(network, [*seen.transfers, *seen.pending], sessions, now),
            mark_vanished(network, second_look.vanished, now),
            confirm(network, second_look.confirmed, now),
            value_unvalued(network, now),
        )
        reassess_many(news, now=now)
