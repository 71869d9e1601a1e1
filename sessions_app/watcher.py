"""Reads new blocks of a network and counts what arrived. Safe to run twice at once, and to be killed anywhere.

Asking the network comes first and holds no lock; then one transaction stores what was read, with the cursor that says
how far. Dying before it means reading again, dying after it means nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from chains_app.networks import Network
from chains_app.reader import Reader, Transfer
from chains_app.scanning import CursorMoved, Scan, save_cursor, scan
from sessions_app.lifecycle import reassess_many
from sessions_app.models import CheckoutSession, Payment
from sessions_app.payments import (
    confirm,
    deep_enough,
    mark_vanished,
    merged,
    missing_from,
    record_transfers,
    sighting,
    value_unvalued,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Findings:
    transfers: list[Transfer]
    confirmed: list[Payment]
    vanished: list[Payment]


def watch(network: Network, reader: Reader, *, now: datetime | None = None) -> int:
    """One pass over a network; returns how many sessions had news.

    Raises `ReaderUnavailable` when the network cannot be read now: nothing is lost, the next pass takes it up.
    """
    now = now or timezone.now()
    sessions = watched_sessions(network, now)
    seen = scan(network, reader, frozenset(sessions))
    findings = _look_again(network, reader, seen, sessions)
    try:
        return _store(network, seen, findings, sessions, now)
    except CursorMoved:
        return 0  # Another watcher stored this range meanwhile.


def watched_sessions(network: Network, now: datetime) -> dict[str, CheckoutSession]:
    """The sessions of the network's mode whose address is watched, by address."""
    sessions = CheckoutSession.objects.filter(mode=network.mode, deposit__watch_until__gt=now).select_related("deposit")
    return {session.deposit.address: session for session in sessions}


def _look_again(network: Network, reader: Reader, seen: Scan, sessions: dict[str, CheckoutSession]) -> _Findings:
    """Before money is called confirmed or gone, the chain is asked for that very transaction once more."""
    transfers = [*seen.transfers, *reader.pending(frozenset(sessions), seen.last)]
    missing = missing_from(network, transfers, first=seen.first, last=seen.last, sessions=sessions.values())
    deep = deep_enough(network, seen.head.number)
    doubtful = [*missing, *deep]
    there = reader.still_there([sighting(payment) for payment in doubtful]) if doubtful else frozenset()
    return _Findings(
        transfers=transfers,
        confirmed=[payment for payment in deep if sighting(payment) in there],
        vanished=[payment for payment in missing if sighting(payment) not in there],
    )


def _store(
    network: Network, seen: Scan, findings: _Findings, sessions: dict[str, CheckoutSession], now: datetime
) -> int:
    with transaction.atomic():
        save_cursor(seen)
        news = merged(
            record_transfers(network, findings.transfers, sessions, now),
            mark_vanished(network, findings.vanished, now),
            confirm(network, findings.confirmed, now),
            value_unvalued(network, now),
        )
        return len(reassess_many(news, now=now)) if news else 0
