"""What amounts of assets are worth just now, for pages about what waits to be collected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from django.db.models import Sum

from chains_app.networks.networks import Network, all_networks
from chains_app.rates.exchange_rates import Rates, RateUnavailable, rates_at
from common.money import value_of
from merchants_app.models import Merchant
from sessions_app.collecting.collecting import waiting_payments


def worth_now(rates: Rates, symbol: str, units: int | Decimal, *, decimals: int, currency: str) -> Decimal | None:
    """None while there is no rate."""
    try:
        return value_of(units, rates.rate(symbol, currency).value, decimals=decimals)
    except RateUnavailable:
        return None


def about(amount: Decimal) -> Decimal:
    """To three digits that count: it is an estimate."""
    with localcontext(prec=3):
        return +amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What lies in deposit addresses, all together."""

    worth: Decimal | None  # as far as rates are known; None: of nothing there is one
    currency: str
    networks: Sequence[Network]


def worth_waiting(merchant: Merchant, mode: str, *, now: datetime) -> Waiting | None:
    """In the business's reporting currency; None when nothing waits."""
    rows = waiting_payments(merchant, mode).order_by().values_list("network", "asset").annotate(Sum("amount_units"))
    rates, networks = rates_at(mode=mode, now=now), all_networks()
    worths: list[Decimal | None] = []
    found: dict[str, Network] = {}
    for network_id, symbol, units in rows:
        network = networks.get(network_id)
        asset = network.assets.get(symbol) if network else None
        if network and asset:
            found[network.id] = network
            worths.append(
                worth_now(rates, symbol, units, decimals=asset.decimals, currency=merchant.reporting_currency)
            )
    known = [worth for worth in worths if worth is not None]
    worth = sum(known, Decimal(0)) if known else None
    return Waiting(worth=worth, currency=merchant.reporting_currency, networks=list(found.values())) if found else None
