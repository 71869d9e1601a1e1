"""What waits, pile by pile: its worth, what collecting it costs just now, and whether it is worth that."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from functools import partial

from chains_app.calls.chain_calls import Conditions
from chains_app.calls.gas import usual_price
from chains_app.rates.exchange_rates import Rates
from common.money import to_whole
from merchants_app.models import Merchant
from sessions_app.collecting.collecting import Balance, gas_of
from sessions_app.collecting.worth import worth_now

# A collection loses nothing by waiting, so more of a pile than this need not go to the network.
WORTH_IT = Decimal("0.01")
# Gas this many times dearer than on the last day: waiting for hours may be enough.
BUSY = 2


class Verdict(StrEnum):
    """Whether a pile is better collected now."""

    YES = "yes"
    BUSY = "busy"  # the network is dearer than usual
    SMALL = "small"  # it takes more of it, before the fee is a small part
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """One asset on one network. Worths are in the business's reporting currency; None: not known."""

    balance: Balance
    worth: Decimal | None
    gas: int | None = None
    fee: Decimal | None = None  # in the network's coin, at the present price of gas; zero where there is none
    fee_worth: Decimal | None = None
    usual_fee_worth: Decimal | None = None  # at the median price of the last day

    @property
    def share(self) -> Decimal | None:
        """Which part of the worth the fee takes."""
        return self.fee_worth / self.worth if self.worth and self.fee_worth is not None else None

    @property
    def verdict(self) -> Verdict:
        """What the page advises."""
        if self.share is None:
            return Verdict.UNKNOWN
        if self.share <= WORTH_IT:
            return Verdict.YES
        is_busy = self.fee_worth and self.usual_fee_worth and self.fee_worth >= BUSY * self.usual_fee_worth
        return Verdict.BUSY if is_busy else Verdict.SMALL


def free_piles(balances: Sequence[Balance], rates: Rates, currency: str) -> list[Pile]:
    """Of the sandbox, where a click collects and no network takes anything."""
    return [
        Pile(balance=each, worth=_worth(each, rates, currency), fee=Decimal(0), fee_worth=Decimal(0))
        for each in balances
    ]


def piles(
    balances: Sequence[Balance], *, merchant: Merchant, mode: str, conditions: Conditions | None, rates: Rates
) -> list[Pile]:
    """Of one network. conditions: None while it cannot be read. Raises ReaderUnavailable, WrongChain."""
    currency = merchant.reporting_currency
    if conditions is None:
        return [Pile(balance=each, worth=_worth(each, rates, currency)) for each in balances]
    gas = gas_of(balances, merchant=merchant, mode=mode, conditions=conditions)
    prices = conditions.gas_price_wei, usual_price(balances[0].network)
    return [_pile(balance, units, prices, rates, currency) for balance, units in zip(balances, gas, strict=True)]


def _pile(balance: Balance, gas: int | None, prices: tuple[int, int | None], rates: Rates, currency: str) -> Pile:
    worth, (price, usual), coin = _worth(balance, rates, currency), prices, balance.network.native
    if gas is None or coin is None:
        return Pile(balance=balance, worth=worth, gas=gas)
    worth_of = partial(worth_now, rates, coin.symbol, decimals=coin.decimals, currency=currency)
    return Pile(
        balance=balance,
        worth=worth,
        gas=gas,
        fee=_about(to_whole(gas * price, coin.decimals)),
        fee_worth=worth_of(gas * price),
        usual_fee_worth=worth_of(gas * usual) if usual else None,
    )


def _worth(balance: Balance, rates: Rates, currency: str) -> Decimal | None:
    asset = balance.asset
    return worth_now(rates, asset.symbol, balance.amount_units, decimals=asset.decimals, currency=currency)


def _about(amount: Decimal) -> Decimal:
    """To three digits that count: it is an estimate."""
    with localcontext(prec=3):
        return +amount
