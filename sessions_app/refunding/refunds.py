"""Refunds without keys: how much, to where, and the transaction for the merchant's own wallet to sign."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from eth_abi.abi import encode

from chains_app.calls.gas import fee_of
from chains_app.networks.networks import Asset, find_option, network
from chains_app.rates.exchange_rates import RateUnavailable, ask_if_late, rate_on_record
from chains_app.receiving.deposits import Call
from chains_app.sandbox.chain import is_known, send
from common.modes import Mode
from common.money import to_minor_unit
from merchants_app.audit import record
from sessions_app.errors import NothingToRefund, WrongRefund
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.decisions import ANSWERS
from sessions_app.paying.refund_states import begin, from_now_on, said_to_be_back, withdraw
from sessions_app.paying.scenarios import SANDBOX
from sessions_app.refunding.mails import ask_by_letter
from sessions_app.refunding.refundable import Arrived, arrived, is_there
from sessions_app.refunding.told import RefundNotOpen, tell_transaction
from sessions_app.refunding.where import checked_refund_address
from sessions_app.refunding.wishes import Wish, balance_for, destination_of, sum_of
from sessions_app.state.evaluation import open_issues
from sessions_app.state.facts import facts_of
from sessions_app.state.lifecycle import lock
from sessions_app.status import TOO_MUCH, DecisionKind, Issue, RefundRate, RefundStatus

_TRANSFER = bytes.fromhex("a9059cbb")  # transfer(address,uint256), ERC-20


def prepare_refund(
    *,
    session: CheckoutSession,
    wish: Wish,
    reason: str = "",
    notify_buyer: bool | None = None,
    actor: str,
    now: datetime | None = None,
) -> Refund:
    """A refund ready to be signed, or that waits for an address; from then on the watcher looks for it.

    `notify_buyer` is whether the buyer gets letters about it; None: as the business has it.
    Today's rate is the one on record: who wants it calls `ask_for_rate` before, while no transaction is open.
    Raises `WrongRefund`, `NothingToRefund`, or `RateUnavailable` when today's rate is wanted and there is none.
    """
    named = checked_refund_address(session, wish.named) if wish.named else ""
    is_todays = wish.what.basis == RefundRate.TODAY
    todays = _todays_rate(session, wish.asset, now or timezone.now()) if is_todays else None
    with transaction.atomic():
        # Two at once must not send the same money back twice.
        session = lock(session.pk)
        now = now or timezone.now()  # what was decided while this one waited was decided before it
        _refuse_told(session)
        balance = balance_for(wish, arrived(session))
        goes_to = destination_of(wish, named=named, buyers=session.refund_address)
        back = sum_of(wish, session, balance, todays=todays)
        issue, payments = _settles(session, balance, now)
        refund = Refund.objects.create(
            session=session,
            status=RefundStatus.PREPARED if goes_to else RefundStatus.WAITING_FOR_ADDRESS,
            kind=wish.what.kind,
            rate_basis=wish.what.basis,
            network=balance.network,
            asset=balance.asset,
            decimals=balance.decimals,
            amount_units=back.units,
            value=back.value,
            rate=back.rate,
            to_address=goes_to,
            reason=reason,
            notify_buyer=notify_buyer,
            issue=issue,
            seen=payments,
            actor=actor,
            created_at=now,
            **(from_now_on(balance.network, now) if goes_to else {}),
        )
        record(merchant=session.merchant, mode=session.mode, actor=actor, action="refund.prepared",
               subject=session.public_id, refund=refund.public_id, value=to_minor_unit(back.value, session.currency),
               to=refund.to_address)  # fmt: skip
        begin(refund, actor=actor, now=now)
        if notify_buyer:
            ask_by_letter(refund, actor=actor, now=now)
    return refund


def ask_for_rate(rate_basis: str, mode: str) -> None:
    """Before a refund at today's rate, and before any transaction: the sources are asked if nobody did for a while."""
    if rate_basis == RefundRate.TODAY:
        ask_if_late(mode=mode, now=timezone.now())


def _refuse_told(session: CheckoutSession) -> None:
    """While somebody says that it has gone back already, though that can still be taken back."""
    if told := said_to_be_back(session.pk):
        raise NothingToRefund(
            f"{told.actor} said a moment ago that it has gone back, by {told.tx_hash}. If it has not, take that back "
            "in the dashboard first."
        )


def _settles(session: CheckoutSession, balance: Arrived, now: datetime) -> tuple[str, list[str]]:
    """Which open issue sending this money back decides, shown or not, and what that is about.

    That of the money itself before too much, which may go back in any asset.
    """
    if not session.needs_decision:
        return "", []
    own = {each.public_id for each in balance.payments}
    issues = open_issues(facts_of(session), now).items()
    found = [(issue, tokens) for issue, tokens in issues if DecisionKind.REFUNDED in ANSWERS[Issue(issue)]]
    of_it = [each for each in found if not own.isdisjoint(each[1])]
    too_much = [each for each in found if each[0] in TOO_MUCH]
    issue, tokens = next(iter(of_it + too_much), ("", frozenset[str]()))
    return issue, sorted(tokens)


def withdraw_refund(refund: Refund, *, actor: str, now: datetime) -> bool:
    """The merchant will not send it; whether that was in time. Nothing happens once the chain has shown it."""
    with transaction.atomic():
        return bool(withdraw([refund], actor=actor, now=now))


def withdraw_for_good(refund: Refund, *, actor: str) -> Refund:
    """The same for who must know that it is so; answers the refund. Raises `RefundNotOpen` when it is too late."""
    if not withdraw_refund(refund, actor=actor, now=timezone.now()):
        refund.refresh_from_db()
        if refund.status != RefundStatus.WITHDRAWN:
            raise RefundNotOpen(f"This refund is {refund.status}: it can no longer be withdrawn.")
    return refund


def why_held(refund: Refund) -> str:
    """Why a prepared refund may not be signed just now, as a sentence; empty: it may, or is no longer to be signed."""
    if refund.status != RefundStatus.PREPARED:
        return ""
    if find_option(refund.network, refund.asset) is None:
        gone = f"{refund.asset} on {refund.network} is listed here no more"
        if not refund.is_said_sent:
            return f"{gone}, so this can only be withdrawn."
        return (
            f"{gone}. It was sent already, as {refund.told_tx}: look there first, and withdraw only if it was dropped."
        )
    if told := said_to_be_back(refund.session_id):
        return f"{told.actor} said a moment ago that the money has gone back, by {told.tx_hash}: send nothing."
    if not is_there(refund):
        return (
            "More is to go back than is there: a payment is no longer final or gone from the chain, or the money is "
            "said to have gone back otherwise. Wait until it is there again, or withdraw the refund."
        )
    return ""


def why_not_signed(refund: Refund) -> str:
    """The same of any refund: why there is nothing to sign, as a sentence; empty: there is (`refund_call`)."""
    if refund.status != RefundStatus.PREPARED:
        return f"This refund is {refund.status}: only a prepared one is signed."
    return why_held(refund)


def refund_call(refund: Refund) -> Call:
    """What the merchant's wallet signs, a plain transfer: only of one that may be signed (`why_not_signed`)."""
    units = int(refund.amount_units)
    contract = network(refund.network).assets[refund.asset].contract
    if contract is None:
        return Call(to=refund.to_address, data="0x", value=units)
    data = _TRANSFER + encode(["address", "uint256"], [refund.to_address, units])
    return Call(to=contract, data=f"0x{data.hex()}", value=0)


@dataclass(frozen=True, slots=True)
class RefundFee:
    """Gas, and about what it costs in the network's coin, in base units of it."""

    gas: int
    wei: int
    coin: Asset


def refund_fee(refund: Refund) -> RefundFee | None:
    """What sending it from the treasury costs just now; None when the chain does not say."""
    chain, treasury = network(refund.network), refund.session.treasury
    if chain.native is None or treasury is None or not treasury.address:
        return None
    fee = fee_of(chain, refund_call(refund), sender=treasury.address)
    return RefundFee(fee.gas, fee.wei, chain.native) if fee else None


def play_refund(refund: Refund, *, now: datetime, actor: str = "") -> None:
    """On the sandbox there is no wallet: the transfer is sent by saying so.

    Raises `WrongRefund` on other networks, and `RefundNotOpen` while nobody has said where to, while it
    is held, and once it is on its way or withdrawn.
    """
    if refund.network != SANDBOX or refund.session.mode != Mode.TEST:
        raise WrongRefund("Only the sandbox's money is sent by a click.")
    with transaction.atomic():
        # Two at once must not both send it.
        lock(refund.session_id)
        refund.refresh_from_db()
        _refuse_to_play(refund)
        sent = send(
            recipient=refund.to_address,
            contract=network(SANDBOX).assets[refund.asset].contract,
            amount_units=int(refund.amount_units),
            now=now,
            lane=refund.session.merchant.public_id,
        )
        tell_transaction(refund, sent.tx_hash, actor=actor)


def _refuse_to_play(refund: Refund) -> None:
    if not refund.to_address:
        raise RefundNotOpen("This refund is waiting_for_address: the buyer names it on the page at buyerUrl.")
    if refund.status != RefundStatus.PREPARED:
        raise RefundNotOpen(f"This refund is {refund.status}: only a prepared one is sent.")
    if refund.is_said_sent and is_known(refund.told_tx):
        raise RefundNotOpen("Its transaction is on its way: it is seen within seconds.")
    if held := why_held(refund):
        raise RefundNotOpen(held)


def _todays_rate(session: CheckoutSession, asset: str, now: datetime) -> Decimal:
    found = rate_on_record(asset, session.currency, mode=session.mode, at=now)
    if found is None:
        raise RateUnavailable(
            f"There is no price of {asset} in {session.currency} that can be trusted at the moment. Try again in a few "
            "minutes, or send it back at the rate at which it was paid."
        )
    return found.value
