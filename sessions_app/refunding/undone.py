"""Refunds that are not where they were seen: a branch was given up, with them in it. What was done waits again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.core.cache import cache
from django.db import transaction

from chains_app.networks.networks import Network
from chains_app.reading.reader import Block, Reader
from common.postgresql.bulk_sql import update_rows
from merchants_app.audit import record
from sessions_app.models import Refund
from sessions_app.paying.refund_states import Move, amount_of, by_itself, move
from sessions_app.refunding.watch import sighting
from sessions_app.state.lifecycle import lock
from sessions_app.status import RefundStatus

# What nodes cannot tell of is asked for again after so long.
_PAUSE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What has become of refunds that were on the chain."""

    gone: list[Refund] = field(default_factory=list)
    moved: list[tuple[Refund, Block]] = field(default_factory=list)
    unsure: list[Refund] = field(default_factory=list)


def done_since(network: Network, block: int | None) -> list[Refund]:
    """Refunds that were final in this block or above, which are replaced by others now; none for None.

    Not those of erased buyers: nobody knows any more where they went.
    """
    if block is None:
        return []
    confirmed = Refund.objects.filter(network=network.id, status=RefundStatus.CONFIRMED, block_number__gte=block)
    final = confirmed.exclude(to_address="")
    return list(final.select_related("session__merchant").order_by("id"))


def find(network: Network, reader: Reader, refunds: Iterable[Refund], *, head: int, at_once: bool) -> Found:
    """Asks where they are, if it is `at_once` or nobody did lately. Raises what the reader raises."""
    asked = {refund.pk: refund for refund in refunds}
    if not asked or not (cache.add(f"finding-refunds:{network.id}", True, _PAUSE_SECONDS) or at_once):
        return Found()
    places = reader.whereabouts([sighting(each) for each in asked.values()], head=head)
    found = Found()
    for refund in asked.values():
        if sighting(refund) not in places:
            found.unsure.append(refund)
        elif (block := places[sighting(refund)]) is None:
            found.gone.append(refund)
        elif block.hash != refund.block_hash:
            found.moved.append((refund, block))
    return found


def store_found(found: Found, *, now: datetime) -> None:
    """Those that are gone and were final wait for their transfer again, and what they had settled is open again.

    Those in another block, or of which nobody can tell, have to be confirmed again. Of those that were not final,
    `watch.place_refunds` stores what is gone.
    """
    for refund in found.gone:
        if refund.status == RefundStatus.CONFIRMED:
            with transaction.atomic():
                _undo(refund, now)
    elsewhere = [(refund, block.number, block.hash) for refund, block in found.moved]
    elsewhere += [(refund, refund.block_number or 0, refund.block_hash) for refund in found.unsure]
    again = [each for each in elsewhere if each[0].status == RefundStatus.CONFIRMED]
    move([_to_confirm(refund, number, block_hash) for refund, number, block_hash in again], now=now)
    seen = [each for each in elsewhere if each not in again]
    for refund, number, block_hash in seen:
        refund.block_number, refund.block_hash = number, block_hash
    update_rows([refund for refund, _, _ in seen], ["block_number", "block_hash"])


def _undo(refund: Refund, now: datetime) -> None:
    lock(refund.session_id)
    present = Refund.objects.get(pk=refund.pk)
    if present.status != RefundStatus.CONFIRMED or present.block_hash != refund.block_hash:
        return  # another watcher was faster
    merchant, session = refund.session.merchant, refund.session
    record(merchant=merchant, mode=session.mode, actor=by_itself(refund), action="refund.undone",
           subject=session.public_id, tx_hash=refund.tx_hash)  # fmt: skip
    reason = f"The chain took back the transfer of {amount_of(refund)} to the buyer: it waits again."
    move([Move(refund=refund, to=RefundStatus.PREPARED, reason=reason)], now=now)


def _to_confirm(refund: Refund, number: int, block_hash: str) -> Move:
    return Move(
        refund=refund,
        to=RefundStatus.SEEN,
        reason=f"{amount_of(refund)} to the buyer is in another block and has to be confirmed again.",
        changes={
            "tx_hash": refund.tx_hash,
            "log_index": refund.log_index,
            "block_number": number,
            "block_hash": block_hash,
        },
    )
