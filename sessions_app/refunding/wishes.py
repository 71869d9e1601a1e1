"""What somebody wants to be sent back: of which balance, how much, and where to; and what that comes to."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from chains_app.networks.networks import find_option
from common.money import amount_text, fits_minor_unit, to_minor_unit, to_units, units_worth, value_of
from sessions_app.errors import NothingToRefund, WrongRefund
from sessions_app.models import CheckoutSession
from sessions_app.refunding.refundable import Arrived, excess
from sessions_app.status import RefundKind, RefundRate


@dataclass(frozen=True, slots=True)
class Worth:
    """All that is there, the excess, or an amount in the session's currency; at the rate of then or of today."""

    kind: RefundKind
    amount: Decimal | None = None
    basis: RefundRate = RefundRate.PAID


@dataclass(frozen=True, slots=True)
class InAsset:
    """Exactly so much of the asset itself, whatever it costs by now: it counts as it did."""

    amount: Decimal
    kind: ClassVar[RefundKind] = RefundKind.AMOUNT
    basis: ClassVar[RefundRate] = RefundRate.PAID


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`named` is the merchant's word where it goes, which counts before the buyer's.

    `shown` is the buyer's address as whoever prepares it was shown it; another one by now is refused. While nobody has
    said where to, it waits for the buyer (`may_wait`), or is refused.
    """

    network: str
    asset: str
    what: Worth | InAsset
    named: str = ""
    shown: str = ""
    may_wait: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What goes back in base units, and what that counts as in the session's currency, at which rate."""

    units: Decimal
    value: Decimal
    rate: Decimal


def balance_for(wish: Wish, there: Iterable[Arrived]) -> Arrived:
    """Of what is there, that which is wished for. Raises `NothingToRefund`."""
    option = (wish.network, wish.asset)
    balance = next((each for each in there if (each.network, each.asset) == option), None)
    if balance is None:
        raise NothingToRefund("Nothing of that asset is there on this network, confirmed and not sent back yet.")
    if find_option(*option) is None:
        raise NothingToRefund("The operator has taken that asset or network out of the list: it cannot be watched.")
    return balance


def destination_of(wish: Wish, *, named: str, buyers: str) -> str:
    """Where it goes; empty: it waits until the buyer says so. Raises `WrongRefund`."""
    goes_to = named or buyers
    if not goes_to and not wish.may_wait:
        raise WrongRefund("The buyer has not said where to: send them the refund link.", attr="address")
    if wish.shown and wish.shown != buyers:
        raise WrongRefund("The buyer has changed the address since you were shown it: look again.", attr="address")
    return goes_to


def sum_of(wish: Wish, session: CheckoutSession, balance: Arrived, *, todays: Decimal | None) -> Sum:
    """What it comes to; at `todays` rate, if that is wished for. Raises `WrongRefund` or `NothingToRefund`."""
    if isinstance(wish.what, InAsset):
        found = _part_of(balance, wish.what.amount)
    else:
        found = _worth(session, balance, wish.what, todays)
    if found.units <= 0:
        raise WrongRefund("That is less than the smallest unit of the asset.", attr="amount")
    return found


def _part_of(balance: Arrived, amount: Decimal) -> Sum:
    """So much of the asset, and what that was counted as."""
    if amount <= 0:
        raise WrongRefund(f"Give the amount in {balance.asset}, above zero.", attr="amount")
    try:
        units = Decimal(to_units(amount, balance.decimals))
    except ValueError:
        raise WrongRefund(f"{balance.asset} has no such small unit.", attr="amount") from None
    if units > balance.units:
        most = amount_text(balance.units, balance.decimals)
        raise WrongRefund(f"Only {most} {balance.asset} is there.", attr="amount")
    if units == balance.units:
        return Sum(units=units, value=balance.value, rate=balance.rate)
    value = min(value_of(units, balance.rate, decimals=balance.decimals), balance.value)
    return Sum(units=units, value=value, rate=balance.rate)


def _worth(session: CheckoutSession, balance: Arrived, what: Worth, todays: Decimal | None) -> Sum:
    """So much of the session's currency in base units; all that is there at its own rate is there to the unit."""
    value, rate = _value(session, balance, what), todays or balance.rate
    if what.kind == RefundKind.FULL and todays is None:
        return Sum(units=balance.units, value=value, rate=rate)
    return Sum(units=Decimal(units_worth(value, rate, decimals=balance.decimals)), value=value, rate=rate)


def _value(session: CheckoutSession, balance: Arrived, what: Worth) -> Decimal:
    if what.kind == RefundKind.FULL:
        return balance.value
    if what.kind == RefundKind.EXCESS:
        over = min(excess(session), balance.value)
        if over <= 0:
            raise NothingToRefund("No more than the price has arrived.")
        return over
    if what.amount is None or what.amount <= 0:
        raise WrongRefund(f"Give the amount in {session.currency}, above zero.", attr="amount")
    if not fits_minor_unit(what.amount, session.currency):
        raise WrongRefund(f"{session.currency} has no such small unit.", attr="amount")
    most = to_minor_unit(balance.value, session.currency)
    if what.amount > most:
        raise WrongRefund(f"Of this asset only {most} {session.currency} is left.", attr="amount")
    return what.amount
