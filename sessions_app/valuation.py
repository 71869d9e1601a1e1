"""At which rate a transfer counts: the quote's when it came in the quote's time, else the rate of arrival."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from chains_app.exchange_rates import RateUnavailable, rate
from common.modes import Mode
from common.money import value_of
from sessions_app.models import CheckoutSession, Quote
from sessions_app.models.payment import Basis
from sessions_app.quoting import lock_rate

# DESIGN §6: blocks take a while to be made, and chains' clocks differ from ours.
GRACE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """What a transfer counts for; rate and value are None while no rate is to be had."""

    basis: Basis
    rate: Decimal | None
    value: Decimal | None


def valuate(
    session: CheckoutSession,
    *,
    asset: str,
    network: str,
    units: int,
    decimals: int,
    arrived_at: datetime,
    now: datetime,
) -> Valuation:
    """The worth of base units of an asset that the session allows, in the session's currency."""
    quote = quote_at(session, asset=asset, network=network, at=arrived_at)
    if quote:
        return _valued(Basis.QUOTE, quote.rate, units, decimals)
    try:
        found = rate(asset, session.currency, mode=Mode(session.mode), now=now)
    except RateUnavailable:
        return Valuation(basis=Basis.ARRIVAL, rate=None, value=None)
    return _valued(Basis.ARRIVAL, lock_rate(found.value, session.spread_percent), units, decimals)


def quote_at(session: CheckoutSession, *, asset: str, network: str, at: datetime) -> Quote | None:
    """The quote whose time the moment falls into. Of two (one ending, one begun), the better one for the buyer."""
    return (
        Quote.objects.filter(
            session=session,
            asset=asset,
            network=network,
            created_at__lte=at + GRACE,
            valid_until__gte=at - GRACE,
        )
        .order_by("-rate")
        .first()
    )


def _valued(basis: Basis, at_rate: Decimal, units: int, decimals: int) -> Valuation:
    return Valuation(basis=basis, rate=at_rate, value=value_of(units, at_rate, decimals=decimals))
