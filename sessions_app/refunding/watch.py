"""Notices refunds on the chain: a transfer of just that amount to just that address, and then its confirmations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from chains_app.networks.networks import Network
from chains_app.reading.reader import Sighting, Transfer
from chains_app.reading.scanning import Position, hold, note_refunds_read
from common.bulk_sql import update_rows
from common.money import amount_text
from merchants_app.audit import record
from sessions_app.errors import NothingToDecide
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.decisions import decide
from sessions_app.paying.valuation import Valuer
from sessions_app.refunding.refundable import is_returned
from sessions_app.state.facts import with_facts
from sessions_app.state.lifecycle import News, reassess
from sessions_app.status import DecisionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Blocks that transfers are of: those above `since` up to `upto`; the network was read up to `at` meanwhile."""

    since: int | None
    upto: int
    at: Position | None


def refunds_watched_for(network: Network) -> list[Refund]:
    """Those that are still to be seen or confirmed. Of two of one amount the older is seen first."""
    open_ones = Refund.objects.filter(network=network.id, confirmed_at=None, withdrawn_at=None)
    return list(open_ones.select_related("session__merchant").order_by("id"))


def deep_sightings(network: Network, refunds: Iterable[Refund], *, head: int) -> list[Sighting]:
    """Where seen refunds stand that have as many blocks on them as payments of their worth need. May ask for rates."""
    valuer = Valuer(())
    return [
        sighting(refund)
        for refund in refunds
        if refund.block_number is not None
        and head - refund.block_number + 1
        >= valuer.confirmations_for(
            refund.value,
            refund.session.currency,
            mode=network.mode,
            asset=refund.asset,
            network=network,
            at=refund.prepared_at,
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
    network: Network, refunds: Sequence[Refund], transfers: Iterable[Transfer], *, gone: Iterable[Refund], now: datetime
) -> None:
    """Stores which transfers are refunds, in a fixed number of statements. Within a transaction that holds the cursor.

    `gone` are no longer on the chain: another transfer (a replacement with a higher fee, say) may take their place.
    """
    lost = list(gone)
    for refund in lost:
        _forget_place(refund)
    update_rows(lost, _PLACE)
    by_place, by_content = _arranged(refunds, transfers)
    taken = _taken(network, [each for same in by_content.values() for each in same])
    placed = []
    for refund in refunds:
        if refund.tx_hash:
            found = by_place.get((refund.tx_hash, refund.log_index))
        else:
            free = (
                each for each in by_content.get(_content(refund), ()) if (each.tx_hash, each.log_index) not in taken
            )
            found = next((each for each in free if _is_in_time(refund, each)), None)
        if found:
            _place(refund, found, now)
            taken.add((found.tx_hash, found.log_index))
            placed.append(refund)
    update_rows(placed, [*_PLACE, "withdrawn_at"])


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


_Content = tuple[str, str, int]
_Place = tuple[str, int | None]


def _content(refund: Refund) -> _Content:
    return refund.to_address, refund.asset, int(refund.amount_units)


def _arranged(
    refunds: Iterable[Refund], transfers: Iterable[Transfer]
) -> tuple[dict[_Place, Transfer], dict[_Content, list[Transfer]]]:
    """Transfers by their place, and those that could be one of the refunds by what they move to whom."""
    by_place: dict[_Place, Transfer] = {}
    by_content: dict[_Content, list[Transfer]] = {_content(refund): [] for refund in refunds}
    for each in transfers:
        by_place[each.tx_hash, each.log_index] = each
        if (few := by_content.get((each.recipient, each.asset, each.amount_units))) is not None:
            few.append(each)
    return by_place, by_content


def _taken(network: Network, candidates: Sequence[Transfer]) -> set[_Place]:
    """Where refunds are already: two of the same amount to the same buyer are two transfers."""
    if not candidates:
        return set()
    same = Refund.objects.filter(network=network.id, tx_hash__in={each.tx_hash for each in candidates})
    return set(same.values_list("tx_hash", "log_index"))


def _is_in_time(refund: Refund, transfer: Transfer) -> bool:
    return transfer.block_time is None or transfer.block_time >= refund.prepared_at.replace(microsecond=0)


_PLACE = ["tx_hash", "log_index", "block_number", "block_hash", "seen_at"]


def _place(refund: Refund, transfer: Transfer, now: datetime) -> None:
    refund.tx_hash, refund.log_index = transfer.tx_hash, transfer.log_index
    refund.block_number, refund.block_hash = transfer.block_number, transfer.block_hash
    refund.seen_at = refund.seen_at or now
    refund.withdrawn_at = None  # since it was read: it had been sent by then


def _forget_place(refund: Refund) -> None:
    refund.tx_hash, refund.block_hash = "", ""
    refund.log_index = refund.block_number = refund.seen_at = None


def _conclude(refund: Refund, now: datetime) -> None:
    """Settles what was open when it was prepared, if all that is back now and nothing else has come. It is noted."""
    if not Refund.objects.filter(pk=refund.pk, confirmed_at=None).update(confirmed_at=now):
        return  # another watcher was faster
    session = with_facts(CheckoutSession.objects.filter(pk=refund.session_id), "merchant").get()
    actor = f"refund {refund.public_id}"
    record(merchant=session.merchant, mode=session.mode, actor=actor, action="refund.done",
           subject=session.public_id, tx_hash=refund.tx_hash)  # fmt: skip
    if not (refund.issue and is_returned(session, refund) and _settled(session, refund, actor, now)):
        reason = f"{amount_text(refund.amount_units, refund.decimals)} {refund.asset} went back to the buyer."
        reassess(session.pk, News(reason=reason, actor=actor, noted=True), now=now)


def _settled(session: CheckoutSession, refund: Refund, actor: str, now: datetime) -> bool:
    """Whether it still was as when the refund was prepared."""
    try:
        decide(
            session=session,
            kind=DecisionKind.REFUNDED,
            actor=actor,
            tx_hash=refund.tx_hash,
            issue=refund.issue,
            payments=refund.seen,
            now=now,
        )
    except NothingToDecide:
        return False
    return True
