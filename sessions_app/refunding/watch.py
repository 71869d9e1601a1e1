"""Notices refunds on the chain, and then their confirmations. Which transfer is which refund: `matching`."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from chains_app.networks.networks import Network
from chains_app.reading.reader import Sighting, Transfer
from chains_app.reading.scanning import Position, hold, note_refunds_read
from common.postgresql.bulk_sql import update_rows
from common.postgresql.rare_rows import rare
from merchants_app.audit import record
from sessions_app.errors import NothingToDecide
from sessions_app.models import CheckoutSession, Decision, Refund
from sessions_app.paying.decisions import settle
from sessions_app.paying.refund_states import Move, amount_of, by_itself, move
from sessions_app.paying.valuation import Valuer
from sessions_app.refunding.matching import NOT_ASKED, list_candidates, match_transfers
from sessions_app.refunding.refundable import is_returned
from sessions_app.state.facts import with_facts
from sessions_app.status import DecisionKind, RefundStatus

# A withdrawn refund whose transaction was told may be mined all the same.
_LOOKED_FOR_STILL = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Blocks that transfers are of: those above `since` up to `upto`; the network was read up to `at` meanwhile."""

    since: int | None
    upto: int
    at: Position | None


def refunds_watched_for(network: Network) -> list[Refund]:
    """Those that are still to be seen or confirmed, and withdrawn ones whose transaction had been told.

    Not those of erased buyers: nobody knows any more where they go.
    """
    open_ones = Refund.objects.filter(network=network.id, status__in=[RefundStatus.PREPARED, RefundStatus.SEEN])
    sent = (
        Refund.objects.filter(
            network=network.id, status=RefundStatus.WITHDRAWN, withdrawn_at__gt=timezone.now() - _LOOKED_FOR_STILL
        )
        .exclude(told_tx="")
        .exclude(to_address="")
    )
    return [refund for each in (open_ones, sent) for refund in rare(each.order_by("id"), "session__merchant")]


def deep_enough_refunds(network: Network, refunds: Iterable[Refund], *, head: int) -> list[Refund]:
    """Seen refunds with as many blocks on them as payments of their worth need. May ask for rates."""
    valuer = Valuer(())
    return [
        refund
        for refund in refunds
        if refund.block_number is not None
        and head - refund.block_number + 1
        >= valuer.confirmations_for(
            refund.value,
            refund.session.currency,
            mode=network.mode,
            asset=refund.asset,
            network=network,
            at=refund.prepared_at or refund.created_at,
        )
    ]


def doubtful_refunds(
    refunds: Iterable[Refund], transfers: Iterable[Transfer], *, replaced_from: int | None
) -> list[Refund]:
    """Seen ones that may have vanished: in blocks that were replaced, or in none and no longer among the waiting."""
    shown = {(transfer.tx_hash, transfer.log_index) for transfer in transfers}
    return [
        refund
        for refund in refunds
        if refund.tx_hash
        and (refund.tx_hash, refund.log_index) not in shown
        and (refund.block_number is None or (replaced_from is not None and refund.block_number >= replaced_from))
    ]


def store_refunds(
    network: Network,
    refunds: Sequence[Refund],
    transfers: Iterable[Transfer],
    *,
    gone: Iterable[Refund] = (),
    read: Reading,
    now: datetime,
) -> None:
    """Stores which transfers are refunds, and that the blocks they are of were looked through. Raises CursorMoved."""
    with transaction.atomic():
        hold(network, at=read.at)
        place_refunds(network, refunds, transfers, gone=gone, now=now)
        note_refunds_read(network, since=read.since, upto=read.upto)


def place_refunds(
    network: Network,
    refunds: Sequence[Refund],
    transfers: Iterable[Transfer],
    *,
    gone: Iterable[Refund],
    now: datetime,
    mined: Mapping[str, int | None] = NOT_ASKED,
) -> None:
    """Stores which transfers are refunds, and which may be. Within a transaction that holds the cursor.

    `gone` are no longer on the chain: another transfer (a replacement with a higher fee, say) may take their place.
    `mined`: as for `match_transfers`.
    """
    lost = [refund for refund in gone if refund.tx_hash]
    move(
        [
            Move(
                refund=refund,
                to=RefundStatus.PREPARED,
                reason=f"The transfer of {amount_of(refund)} to the buyer is gone from the chain.",
            )
            for refund in lost
        ],
        now=now,
    )
    match = match_transfers(network, refunds, transfers, mined=mined)
    move(
        [
            Move(
                refund=refund,
                to=RefundStatus.SEEN,
                reason=f"{amount_of(refund)} is on its way back to the buyer.",
                changes=_place(found),
            )
            for refund, found in match.seen
        ],
        now=now,
    )
    for refund, found in match.elsewhere:
        for name, value in _place(found).items():
            setattr(refund, name, value)
    update_rows([refund for refund, _ in match.elsewhere], ["block_number", "block_hash"])
    list_candidates(match.possible, now=now)


def conclude_refunds(refunds: Iterable[Refund], *, there: frozenset[Sighting], now: datetime) -> None:
    """Those that are final settle their session's issue, each in a transaction of its own."""
    for refund in refunds:
        if refund.tx_hash and sighting(refund) in there:
            with transaction.atomic():
                _conclude(refund, now)


def sighting(refund: Refund) -> Sighting:
    """Where the refund was last seen, for asking the chain again."""
    return Sighting(
        refund.tx_hash,
        refund.log_index or 0,
        refund.block_number,
        refund.block_hash,
        refund.asset,
        refund.to_address,
        int(refund.amount_units),
    )


def _place(transfer: Transfer) -> dict[str, Any]:
    return {
        "tx_hash": transfer.tx_hash,
        "log_index": transfer.log_index,
        "block_number": transfer.block_number,
        "block_hash": transfer.block_hash,
    }


def _conclude(refund: Refund, now: datetime) -> None:
    """Settles what was open when it was prepared, if all that is back now and nothing else has come. It is noted.

    So does it for those that were final before: of too much, the last part that goes back settles the whole. It comes
    first, since the decision names the transfer that made it so.
    """
    actor = by_itself(refund)
    done = Move(
        refund=refund,
        to=RefundStatus.CONFIRMED,
        reason=f"{amount_of(refund)} went back to the buyer.",
        actor=actor,
    )
    if not move([done], now=now):
        return  # another watcher was faster
    session = with_facts(CheckoutSession.objects.filter(pk=refund.session_id), "merchant").get()
    record(merchant=session.merchant, mode=session.mode, actor=actor, action="refund.done",
           subject=session.public_id, tx_hash=refund.tx_hash)  # fmt: skip
    for each in sorted(session.refunds.all(), key=lambda each: each.pk != refund.pk):
        if each.status == RefundStatus.CONFIRMED and each.issue and is_returned(session, each):
            _settle(session, each, now)


def _settle(session: CheckoutSession, refund: Refund, now: datetime) -> None:
    """If it still is as when the refund was prepared, also behind something more pressing."""
    what = {"kind": DecisionKind.REFUNDED, "issue": refund.issue, "tx_hash": refund.tx_hash}
    back = Decision(session=session, actor=by_itself(refund), **what)
    with suppress(NothingToDecide):
        settle(back, payments=refund.seen, now=now)
