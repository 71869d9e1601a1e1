"""What has arrived: the lines of the receipt, and how far the confirming is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chains_app.networks.networks import all_networks
from sessions_app.models import CheckoutSession, Payment, Refund
from sessions_app.reading.amounts import address_groups, asset_text, duration_text, host_of, money_text
from sessions_app.reading.named import moment_here, time_here
from sessions_app.sentences import Sentence
from sessions_app.state.representation import counted_ids, payment_state

# A payment in no block for this many block times (and at least five minutes) is slow enough to say so.
_SLOW_BLOCKS = 20
_SLOW_AT_LEAST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """One payment as the buyer sees it."""

    amount: str  # '49.00 USDC'
    network: str
    value: str  # in the session's currency; empty when it has none or does not count
    is_par: bool  # the amount says its value already: '49.00 USDC' for USD
    at: Sentence
    hash_groups: list[str]
    link: str  # the network's explorer; empty without one
    explorer: str  # whose page that is
    state: str  # seen, confirmed, vanished, or ignored (an asset the shop does not take)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many confirmations the slowest payment has, of how many."""

    have: int
    need: int
    left: str  # how long it will still take, roughly; empty when that cannot be said
    is_in_block: bool
    is_slow: bool
    network: str
    since: timedelta  # it was first seen
    seen_at: Sentence
    amount: str
    final_after: timedelta  # all its confirmations take, roughly


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """Money that the chain shows on its way back to the buyer."""

    amount: str  # '49.00 USDC'
    network: str
    to: str
    at: Sentence
    hash_groups: list[str]
    link: str
    explorer: str
    is_final: bool


def confirmations(payment: Payment, heads: Mapping[str, int]) -> int:
    """Blocks on top of a payment, its own counted; never more than it needs."""
    if payment.confirmed_at:
        return payment.confirmations_needed
    if payment.block_number is None:
        return 0
    known = heads.get(payment.network, payment.block_number) - payment.block_number + 1
    return min(max(known, 0), payment.confirmations_needed)


def progress_of(payments: Sequence[Payment], *, heads: Mapping[str, int], now: datetime) -> Progress | None:
    """Of the payment that has the longest way to go; None when nothing waits."""
    waiting = [p for p in payments if p.counts and not p.vanished_at and not p.confirmed_at]
    if not waiting:
        return None
    slowest = max(waiting, key=lambda p: p.confirmations_needed - confirmations(p, heads))
    chain = all_networks().get(slowest.network)
    if chain is None:
        return None  # the operator has taken it out of the list: nobody reads on
    have, need = confirmations(slowest, heads), slowest.confirmations_needed
    seconds = chain.block_seconds
    in_block = slowest.block_number is not None
    return Progress(
        have=have,
        need=need,
        left=duration_text(timedelta(seconds=max(need - have, 1) * seconds)) if in_block else "",
        is_in_block=in_block,
        is_slow=not in_block and now - slowest.seen_at > patience(seconds),
        network=chain.name,
        since=now - slowest.seen_at,
        seen_at=time_here(slowest.seen_at),
        amount=_amount_text(slowest),
        final_after=timedelta(seconds=need * seconds),
    )


def patience(block_seconds: float) -> timedelta:
    """How long a payment may be in no block before the page says that this takes longer than usual."""
    return max(_SLOW_AT_LEAST, timedelta(seconds=block_seconds * _SLOW_BLOCKS))


def receipt_of(session: CheckoutSession, *, payments: Sequence[Payment]) -> tuple[ReceiptLine, ...]:
    """Every payment the session saw, in the order of arrival: also the ones that do not count, and say so."""
    counted = counted_ids(session)
    return tuple(
        _line(session, payment, is_taken=payment.counts or payment.public_id in counted) for payment in payments
    )


def refunds_of(refunds: Sequence[Refund]) -> tuple[RefundLine, ...]:
    """The refunds that have been seen; what the merchant has only prepared is no promise to the buyer yet."""
    return tuple(_refund_line(refund, refund.seen_at) for refund in refunds if refund.seen_at)


def _refund_line(refund: Refund, seen_at: datetime) -> RefundLine:
    known = all_networks().get(refund.network)
    asset = known.assets.get(refund.asset) if known else None
    link = None
    if known and refund.log_index is not None:
        link = known.explorer_link(tx_hash=refund.tx_hash, log_index=refund.log_index, recipient=refund.to_address)
    return RefundLine(
        amount=f"{asset_text(refund.amount_units, refund.decimals, asset)} {refund.asset}",
        network=known.name if known else refund.network,
        to=refund.to_address,
        at=moment_here(seen_at),
        hash_groups=address_groups(refund.tx_hash),
        link=link or "",
        explorer=host_of(link or ""),
        is_final=refund.confirmed_at is not None,
    )


def _line(session: CheckoutSession, payment: Payment, *, is_taken: bool) -> ReceiptLine:
    # A network may have left the configuration since: the receipt stays readable without it.
    known = all_networks().get(payment.network)
    link = None
    if known:
        link = known.explorer_link(
            tx_hash=payment.tx_hash, log_index=payment.log_index, recipient=session.deposit.address
        )
    return ReceiptLine(
        amount=_amount_text(payment),
        network=known.name if known else payment.network,
        value=_value_text(session, payment) if is_taken else "",
        is_par=payment.value == payment.amount_units.scaleb(-payment.decimals),
        at=moment_here(payment.arrived_at),
        hash_groups=address_groups(payment.tx_hash),
        link=link or "",
        explorer=host_of(link or ""),
        state=payment_state(payment) if is_taken or payment.vanished_at else "ignored",
    )


def _value_text(session: CheckoutSession, payment: Payment) -> str:
    return "" if payment.value is None else money_text(payment.value, session.currency)


def _amount_text(payment: Payment) -> str:
    known = all_networks().get(payment.network)
    asset = known.assets.get(payment.asset) if known else None
    return f"{asset_text(payment.amount_units, payment.decimals, asset)} {payment.asset}"
