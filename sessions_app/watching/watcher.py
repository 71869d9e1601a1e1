"""Reads new blocks of a network and counts what arrived. Safe to run twice at once, and to be killed anywhere.

Asking the network comes first and holds no lock; then one transaction stores what was read, with the cursor that says
how far. Dying before it means reading again, dying after it means nothing.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

import structlog
from django.db import transaction
from django.utils import timezone

from chains_app.calls.providers import asked_of, note_contradicted, recall, remember
from chains_app.calls.readers import reader_for
from chains_app.networks.networks import Network
from chains_app.reading.health import read_until, record_problem
from chains_app.reading.reader import Reader, ReaderUnavailable, Sighting, Transfer, WrongChain
from chains_app.reading.scanning import CursorMoved, Scan, save_cursor, scan
from common.lease import lease
from sessions_app.books.booking import book_told_refunds
from sessions_app.models import DepositAddress, Payment, Quote, Refund
from sessions_app.refunding.undone import Found, done_since, find, store_found
from sessions_app.refunding.watch import (
    Reading,
    conclude_refunds,
    deep_enough_refunds,
    doubtful_refunds,
    refunds_watched_for,
    store_refunds,
)
from sessions_app.refunding.watch import sighting as refund_sighting
from sessions_app.state.lifecycle import reassess_many
from sessions_app.status import RefundStatus
from sessions_app.watching.astray import doubt_about, look_for
from sessions_app.watching.payments import (
    confirm,
    contradicted,
    deep_enough,
    doubtful,
    mark_vanished,
    merged,
    record,
    sighting,
    unsettle,
)
from sessions_app.watching.sightings import Sightings, take_in

log = structlog.get_logger()


_Row = TypeVar("_Row", bound=Payment | Refund)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspects(Generic[_Row]):
    """Those of one kind that the chain is asked for once more: deep enough to be final, or missing."""

    deep: list[_Row]
    missing: list[_Row]
    sighting: Callable[[_Row], Sighting]

    def asked(self) -> list[Sighting]:
        """Where they were seen."""
        return [self.sighting(each) for each in self._mined()]

    def astray(self, there: Collection[Sighting]) -> list[_Row]:
        """Those that are not where they were seen."""
        return [each for each in self._mined() if self.sighting(each) not in there]

    def dropped(self) -> list[_Row]:
        """Those that waited for a block, and wait no longer: nobody can be asked where they are."""
        return [each for each in self.missing if each.block_number is None]

    def _mined(self) -> list[_Row]:
        return [each for each in (*self.deep, *self.missing) if each.block_number is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _SecondLook:
    confirmed: list[Payment]
    vanished: list[Payment]
    moved: list[Transfer]
    unsure: list[Payment]
    unsettled: list[Payment]  # confirmed, in blocks that were replaced, and there by somebody's word
    gone_refunds: list[Refund]
    astray_refunds: Found
    there: frozenset[Sighting]


# Passes that one call makes at most when it finds itself behind: after a day of downtime others want their turn too.
MOST_PASSES = 20


def watch_network(network: Network) -> None:
    """Follows a network up to its head. A failure is noted for the operator; the next call takes it up.

    The lease spares the provider a second reading of the same blocks. Nothing depends on it: two watchers at once do
    no harm.
    """
    with lease(f"watching:{network.id}") as is_ours:
        if is_ours:
            _follow(network)


def _follow(network: Network) -> None:
    try:
        recall(network)
        reader = reader_for(network)
        for _ in range(MOST_PASSES):
            if not watch(network, reader):
                break
    except (ReaderUnavailable, WrongChain) as problem:
        log.warning("network_not_read", network=network.id, problem=str(problem))
        clock = "" if isinstance(problem, WrongChain) else problem.clock
        record_problem(network=network, problem=str(problem), clock=clock)
    finally:
        remember(network, timezone.now())


def watch(network: Network, reader: Reader) -> bool:
    """One pass over a network; whether blocks are left to read, so that another pass is worth it at once.

    Raises `ReaderUnavailable` when the network cannot be read now: nothing is lost, the next pass takes it up.
    """
    refunds: list[Refund] = []
    deposits: dict[str, int | None] = {}

    def addresses() -> set[str]:
        # Loaded when the head is known, as the scan asks for: whatever was prepared after that is paid above it.
        refunds.extend(refunds_watched_for(network))
        deposits.update(watched_deposits(network, timezone.now()))
        return deposits.keys() | {refund.to_address for refund in refunds}

    def wallets() -> set[str]:
        """Those that somebody has a key of, and buyers' own that the network's coin goes to."""
        coin = network.native.symbol if network.native else ""
        return {*spendable(deposits)} | {refund.to_address for refund in refunds if refund.asset == coin}

    seen = scan(
        network=network,
        reader=reader,
        addresses=addresses,
        wallets=wallets,
        offered_since=lambda: _offered_since(network),
    )
    second_look = _look_again(network, reader, seen, refunds)
    seen = replace(seen, doubts=(*seen.doubts, *(doubt_about(network, each) for each in second_look.unsure)))
    shown = [*seen.transfers, *seen.pending, *second_look.moved]
    sightings = take_in(network, shown, timezone.now(), gone=second_look.vanished)
    try:
        _store(
            network, seen, second_look, sightings, timezone.now(), refunds_wait=bool(refunds), read_by=asked_of(reader)
        )
        note_contradicted(network, reader, timezone.now())
        store_found(second_look.astray_refunds, now=timezone.now())
        if refunds:
            _see_refunds(network, seen, second_look, refunds, timezone.now())
    except CursorMoved:
        return False  # Another watcher stored these blocks meanwhile, and its pass counts.
    return seen.is_behind


def watched_deposits(network: Network, now: datetime) -> dict[str, int | None]:
    """The deposits of the network's mode that money may come to, or has come to and is not confirmed yet.

    By address their index below an xpub, None for deposit contracts.

    What was left unread while nobody watched belongs to its time: a watch that has ended since is taken up again.
    """
    deposits = DepositAddress.objects.filter(session__mode=network.mode)
    unsure = Payment.objects.filter(network=network.id, confirmed_at=None, vanished_at=None)
    watched = deposits.filter(watch_until__gt=min(now, read_until(network) or now)).values_list(
        "address", "derivation_index"
    )
    return dict(watched) | dict(unsure.values_list("session__deposit__address", "session__deposit__derivation_index"))


def spendable(deposits: Mapping[str, int | None]) -> frozenset[str]:
    """Those of them that somebody has a key of: addresses of an xpub. (By address, as of `watched_deposits`.)"""
    return frozenset(address for address, index in deposits.items() if index is not None)


def _offered_since(network: Network) -> datetime | None:
    """When a buyer was first shown an address to pay to on this network."""
    return Quote.objects.filter(network=network.id).order_by("id").values_list("created_at", flat=True).first()


def _look_again(network: Network, reader: Reader, seen: Scan, refunds: list[Refund]) -> _SecondLook:
    """Before money is called confirmed or vanished, the chain is asked for that very transaction once more."""
    shown, head = [*seen.transfers, *seen.pending], seen.head.number
    payments = _Suspects(
        deep=deep_enough(network, head),
        missing=doubtful(network, shown, replaced_from=seen.replaced_from),
        sighting=sighting,
    )
    of_refunds = _Suspects(
        deep=deep_enough_refunds(network, refunds, head=head),
        missing=[
            *doubtful_refunds(refunds, shown, replaced_from=seen.replaced_from),
            *done_since(network, seen.replaced_from),
        ],
        sighting=refund_sighting,
    )
    asked = [*payments.asked(), *of_refunds.asked()]
    there = reader.still_there(asked) if asked else frozenset()
    found = look_for(network, reader, payments.astray(there), head=head)
    found_refunds = find(network, reader, of_refunds.astray(there), head=head, at_once=bool(of_refunds.missing))

    def is_there(payment: Payment) -> bool:
        return sighting(payment) in there or payment in found.there

    return _SecondLook(
        confirmed=[each for each in payments.deep if is_there(each)],
        vanished=[*payments.dropped(), *found.gone],
        moved=found.moved,
        unsure=found.unsure,
        unsettled=[each for each in payments.missing if each.confirmed_at and is_there(each)],
        gone_refunds=[
            *of_refunds.dropped(),
            *(refund for refund in found_refunds.gone if refund.status == RefundStatus.SEEN),
        ],
        astray_refunds=found_refunds,
        there=there,
    )


def _store(
    network: Network,
    seen: Scan,
    second_look: _SecondLook,
    sightings: Sightings,
    now: datetime,
    *,
    refunds_wait: bool,
    read_by: str,
) -> None:
    with transaction.atomic():
        save_cursor(seen, now=now, refunds_wait=refunds_wait, read_by=read_by)
        news = merged(
            mark_vanished(network, [each for each in second_look.vanished if not sightings.is_elsewhere(each)], now),
            record(network, sightings),
            confirm(network, second_look.confirmed, now),
            contradicted(network, second_look.unsure),
            unsettle(network, second_look.unsettled),
        )
        reassess_many(news)  # by the time that it is once the sessions are locked
        if valued := news.keys() & {payment.session_id for payment in sightings.valued}:
            book_told_refunds(valued, now=now)  # what somebody said to have sent back of it has a worth now, too


def _see_refunds(network: Network, seen: Scan, second_look: _SecondLook, refunds: list[Refund], now: datetime) -> None:
    """The books come after the payments: should this fail, `second_looks` reads the blocks again for the refunds."""
    read = Reading(since=seen.began_at.number if seen.began_at else None, upto=seen.end.number, at=seen.end)
    store_refunds(network, refunds, seen.transfers, gone=second_look.gone_refunds, read=read, now=now)
    conclude_refunds(refunds, there=second_look.there, now=now)
