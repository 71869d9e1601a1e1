"""A collection made ready to be signed, with what it brings and takes just now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from chains_app.calls.chain_calls import collecting_conditions
from chains_app.networks.networks import Network
from chains_app.rates.exchange_rates import Rates
from merchants_app.models import Merchant
from sessions_app.collecting.collecting import Plan, plan
from sessions_app.collecting.piles import Pile, fee_of, piles_of_unknown_fee, share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is shown before it is signed. Worths are in the business's reporting currency; None: not known."""

    plan: Plan
    taken: Sequence[Pile]
    fee: Decimal | None = None  # in the network's coin
    fee_worth: Decimal | None = None

    @property
    def share(self) -> Decimal | None:
        """Which part of the worth the fee takes."""
        known = [pile.worth for pile in self.taken if pile.worth is not None]
        return share_of(self.fee_worth, sum(known, Decimal(0)) if len(known) == len(self.taken) else None)


def prepared(*, merchant: Merchant, mode: str, network: Network, assets: Collection[str], rates: Rates) -> Prepared:
    """Asks the network's node. Raises NothingToCollect, ReaderUnavailable, WrongChain."""
    conditions = collecting_conditions(network)
    made = plan(merchant=merchant, mode=mode, network=network, assets=assets, conditions=conditions)
    taken, coin = piles_of_unknown_fee(made.taken, merchant=merchant, rates=rates), network.native
    if made.gas is None or coin is None:
        return Prepared(plan=made, taken=taken)
    currency = merchant.reporting_currency
    fee, worth = fee_of(made.gas, conditions.gas_price_wei, coin=coin, rates=rates, currency=currency)
    return Prepared(plan=made, taken=taken, fee=fee, fee_worth=worth)
