"""Refunds that a shop asks for by the API: of which of the money that arrived, and how much of it."""

from decimal import Decimal

from common.api.amounts import without_noise
from sessions_app.errors import NothingToRefund, WrongRefund
from sessions_app.models import CheckoutSession, Refund
from sessions_app.refunding.refundable import Arrived, arrived
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.wishes import InAsset, Wish, Worth
from sessions_app.status import RefundKind, RefundRate, RefundStatus


def ask_for_refund(
    *,
    session: CheckoutSession,
    amount: Decimal | RefundKind,
    currency: str = "",
    asset: str = "",
    network: str = "",
    rate: RefundRate = RefundRate.PAID,
    address: str = "",
    reason: str = "",
    notify_buyer: bool | None = None,
    actor: str,
) -> Refund:
    """A refund of all that is there, of the excess, or of an amount; it waits for an address while there is none.

    `currency` is the session's, or the symbol of the asset that goes back. `asset` and `network` say which that is,
    where several arrived. An amount of the asset has no rate: it goes back as it is. Raises what `prepare_refund` does.
    """
    currency, balance = currency.upper(), _balance(session, asset, network)
    if currency not in {"", session.currency, balance.asset}:
        raise WrongRefund(f"Give the amount in {session.currency} or {balance.asset}.", attr="currency")
    what: Worth | InAsset
    if isinstance(amount, RefundKind):
        what = Worth(amount, basis=rate)
    elif currency == balance.asset:
        what = InAsset(amount)
    else:
        what = Worth(RefundKind.AMOUNT, without_noise(amount), rate)
    wish = Wish(network=balance.network, asset=balance.asset, what=what, named=address, may_wait=True)
    return prepare_refund(session=session, wish=wish, reason=reason, notify_buyer=notify_buyer, actor=actor)


def _balance(session: CheckoutSession, asset: str, network: str) -> Arrived:
    there = arrived(session)
    fitting = [each for each in there if asset in {"", each.asset} and network in {"", each.network}]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(f"{each.asset} on {each.network}" for each in there)
    if not there:
        raise NothingToRefund(_why_nothing(session))
    if not fitting:
        raise NothingToRefund(f"Nothing of that is there to send back: choose one of {names}.", attr="asset")
    raise WrongRefund(f"Say which of what arrived with asset and network: {names}.", attr="asset")


def _why_nothing(session: CheckoutSession) -> str:
    there = [payment for payment in session.payments.all() if not payment.vanished_at]
    if not there:
        return "Nothing is there to send back: no payment has arrived."
    if not any(payment.confirmed_at for payment in there):
        return "Nothing is there to send back yet: wait until the payment is confirmed."
    if any(payment.confirmed_at and payment.value is None for payment in there):
        return (
            "No rate has said what it is worth, so nothing can be prepared: send it back from your wallet, then answer "
            "the issue with refunded and that transaction."
        )
    if not any(refund.status != RefundStatus.CONFIRMED for refund in _standing(session)):
        return "Nothing is left to send back: all that was confirmed has gone back already."
    return "Nothing is left to send back: all that was confirmed has gone back, or stands in refunds that go on."


def _standing(session: CheckoutSession) -> list[Refund]:
    return [refund for refund in session.refunds.all() if refund.status != RefundStatus.WITHDRAWN]
