"""What waits, pile by pile: its worth, what collecting it costs just now, and whether it is worth that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import partial

from chains_app.calls.chain_calls import collecting_conditions
from chains_app.calls.gas import usual_price
from chains_app.networks.networks import Asset
from chains_app.rates.exchange_rates import Rates
from common.money import to_whole
from merchants_app.models import Merchant
from sessions_app.collecting.collecting import Balance, gas_of
from sessions_app.collecting.worth import about, worth_now

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
    may_take: Decimal  # a collection loses nothing by waiting, so a larger share of it need not go to the network
    gas: int | None = None
    fee: Decimal | None = None  # in the network's coin, at the present price of gas; zero where there is none
    fee_worth: Decimal | None = None
    usual_fee_worth: Decimal | None = None  # at the median price of the last day

    @property
    def share(self) -> Decimal | None:
        """Which part of the worth the fee takes."""
        return share_of(self.fee_worth, self.worth)

    @property
    def verdict(self) -> Verdict:
        """What the page advises."""
        if self.share is None:
            return Verdict.UNKNOWN
        if self.share <= self.may_take:
            return Verdict.YES
        is_busy = self.fee_worth and self.usual_fee_worth and self.fee_worth >= BUSY * self.usual_fee_worth
        return Verdict.BUSY if is_busy else Verdict.SMALL


def piles(balances: Sequence[Balance], *, merchant: Merchant, mode: str, rates: Rates) -> list[Pile]:
    """Of one network, whose node is asked now; the sandbox takes nothing. Raises ReaderUnavailable, WrongChain."""
    unknown, network = piles_of_unknown_fee(balances, merchant=merchant, rates=rates), balances[0].network
    if not network.has_nodes:
        return [replace(pile, fee=Decimal(0), fee_worth=Decimal(0)) for pile in unknown]
    conditions = collecting_conditions(network)
    gas = gas_of(balances, merchant=merchant, mode=mode, conditions=conditions)
    prices = conditions.gas_price_wei, usual_price(network)
    currency = merchant.reporting_currency
    return [_priced(pile, units, prices, rates, currency) for pile, units in zip(unknown, gas, strict=True)]


def piles_of_unknown_fee(balances: Sequence[Balance], *, merchant: Merchant, rates: Rates) -> list[Pile]:
    """While their network cannot be read."""
    return [
        Pile(
            balance=each,
            worth=worth_now(
                rates,
                each.asset.symbol,
                each.amount_units,
                decimals=each.asset.decimals,
                currency=merchant.reporting_currency,
            ),
            may_take=merchant.worth_it_percent / 100,
        )
        for each in balances
    ]


def share_of(fee_worth: Decimal | None, worth: Decimal | None) -> Decimal | None:
    """Which part of the worth the fee takes; None where one is not known, or there is nothing to take from."""
    return fee_worth / worth if worth and fee_worth is not None else None


def fee_of(gas: int, price: int, *, coin: Asset, rates: Rates, currency: str) -> tuple[Decimal, Decimal | None]:
    """What so much gas costs at a price in base units of the coin: in it, and in the currency where there is a rate."""
    worth = worth_now(rates, coin.symbol, gas * price, decimals=coin.decimals, currency=currency)
    return about(to_whole(gas * price, coin.decimals)), worth


def _priced(pile: Pile, gas: int | None, prices: tuple[int, int | None], rates: Rates, currency: str) -> Pile:
    (price, usual), coin = prices, pile.balance.network.native
    if gas is None or coin is None:
        return replace(pile, gas=gas)
    cost_at = partial(fee_of, gas, coin=coin, rates=rates, currency=currency)
    fee, fee_worth = cost_at(price)
    return replace(pile, gas=gas, fee=fee, fee_worth=fee_worth, usual_fee_worth=cost_at(usual)[1] if usual else None)
