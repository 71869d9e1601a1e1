"""Notices refunds on the chain: a transfer of just that amount to just that address, and then its confirmations."""

from collections.abc import Iterable
from datetime import datetime

from chains_app.networks import Network
from chains_app.reader import Sighting, Transfer
from common.money import amount_text
from merchants_app.audit import record
from sessions_app.decisions import decide
from sessions_app.errors import NothingToDecide
from sessions_app.facts import with_facts
from sessions_app.lifecycle import News, reassess
from sessions_app.models import CheckoutSession, Refund
from sessions_app.refundable import is_returned
from sessions_app.status import DecisionKind
from sessions_app.valuation import Valuer


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
    """Seen ones that may be gone: in blocks that were replaced, or in none and no longer among the waiting."""
    shown = {(transfer.tx_hash, transfer.log_index) for transfer in transfers}
    return [
        refund
        for refund in refunds
        if refund.tx_hash
        and (refund.tx_hash, refund.log_index) not in shown
        and (refund.block_number is None or (replaced_from is not None and refund.block_number >= replaced_from))
    ]


def see_refunds(
    refunds: Iterable[Refund],
    transfers: Iterable[Transfer],
    *,
    gone: Iterable[Refund],
    there: frozenset[Sighting],
    now: datetime,
) -> None:
    """Stores which transfers are refunds and which of those are final; a final one settles its session's issue.

    `gone` are no longer on the chain: another transfer (a replacement with a higher fee, say) may take their place.
    """
    found = list(transfers)
    for refund in gone:
        _forget_place(refund)
    for refund in refunds:
        for transfer in found:
            if _is_it(refund, transfer) and not _is_taken(transfer, by_other_than=refund):
                _place(refund, transfer, now)
                break
        if refund.tx_hash and sighting(refund) in there:
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


def _is_it(refund: Refund, transfer: Transfer) -> bool:
    if refund.tx_hash:
        return (refund.tx_hash, refund.log_index) == (transfer.tx_hash, transfer.log_index)
    return (
        transfer.recipient == refund.to_address
        and transfer.asset == refund.asset
        and transfer.amount_units == refund.amount_units
        and (transfer.block_time is None or transfer.block_time >= refund.prepared_at.replace(microsecond=0))
    )


def _is_taken(transfer: Transfer, *, by_other_than: Refund) -> bool:
    """Two refunds of the same amount to the same buyer are two transfers."""
    same = Refund.objects.filter(network=transfer.network, tx_hash=transfer.tx_hash, log_index=transfer.log_index)
    return same.exclude(pk=by_other_than.pk).exists()


def _place(refund: Refund, transfer: Transfer, now: datetime) -> None:
    refund.tx_hash, refund.log_index = transfer.tx_hash, transfer.log_index
    refund.block_number, refund.block_hash = transfer.block_number, transfer.block_hash
    refund.seen_at = refund.seen_at or now
    refund.withdrawn_at = None  # since it was read: it had been sent by then
    refund.save(update_fields=["tx_hash", "log_index", "block_number", "block_hash", "seen_at", "withdrawn_at"])


def _forget_place(refund: Refund) -> None:
    refund.tx_hash, refund.block_hash = "", ""
    refund.log_index = refund.block_number = refund.seen_at = None
    refund.save(update_fields=["tx_hash", "log_index", "block_number", "block_hash", "seen_at"])


def _conclude(refund: Refund, now: datetime) -> None:
    """Settles what was open when it was prepared, if all that is back now and nothing else has come. It is noted."""
    Refund.objects.filter(pk=refund.pk).update(confirmed_at=now)
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
