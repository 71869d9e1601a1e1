"""The options to choose from: one fold per asset, with the networks it can be sent on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext

from chains_app.networks.networks import Network
from sessions_app.models import Quote
from sessions_app.paying.quoting import OfferedOption
from sessions_app.reading.amounts import asset_text, duration_text
from sessions_app.sentences import Sentence
from sessions_app.shown.fees import Fees, fee_text
from sessions_app.shown.marks import asset_mark, network_mark

# What is final sooner is said to arrive "in seconds"; what takes no longer than a minute may be recommended.
_SOON = 10
_FAST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOffer:
    """One network an asset can be sent on."""

    id: str
    name: str
    mark: str
    fee: Sentence  # empty where it is not known
    arrives: str
    is_best: bool
    is_chosen: bool
    unavailable: str  # why it cannot be had now


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetOffer:
    """One asset, what it would take of it now, and where; `unavailable` says why it cannot be had anywhere."""

    symbol: str
    name: str
    mark: str
    amount: str
    networks: tuple[NetworkOffer, ...]
    unavailable: str
    is_open: bool  # the fold that is open at first


def arrives_text(network: Network) -> str:
    """When a usual payment is final: 'arrives in seconds', 'arrives in 30 seconds'."""
    seconds = _seconds(network)
    if seconds <= _SOON:
        return gettext("arrives in seconds")
    return gettext("arrives in %(time)s") % {"time": duration_text(timedelta(seconds=seconds))}


def offers_of(
    options: Sequence[OfferedOption], *, fees: Fees, currency: str, quote: Quote | None
) -> tuple[AssetOffer, ...]:
    """The options by asset, the currency’s own stablecoins first, those that cannot be had last. One fold is open."""
    symbols = list(dict.fromkeys(offered.option.asset.symbol for offered in options))
    symbols.sort(key=lambda symbol: _place([o for o in options if o.option.asset.symbol == symbol], currency))
    usual = quote.asset if quote and quote.asset in symbols else next(iter(symbols), "")
    return tuple(
        _offer(
            [offered for offered in options if offered.option.asset.symbol == symbol],
            fees=fees,
            currency=currency,
            quote=quote,
            is_open=symbol == usual,
        )
        for symbol in symbols
    )


def marks_of(offers: Iterable[AssetOffer]) -> set[str]:
    """The names of all marks that the offers wear."""
    return {mark for offer in offers for mark in [offer.mark, *(network.mark for network in offer.networks)]}


def _offer(
    options: Sequence[OfferedOption], *, fees: Fees, currency: str, quote: Quote | None, is_open: bool
) -> AssetOffer:
    available = [offered for offered in options if not offered.unavailable]
    shown = (available or options)[0]
    asset, units, best = shown.option.asset, shown.amount_units, _best(available, fees)
    # The recommended one stands first, what cannot be had last.
    ordered = sorted(options, key=lambda offered: (bool(offered.unavailable), offered is not best))
    return AssetOffer(
        symbol=asset.symbol,
        name=asset.name,
        mark=asset_mark(asset.symbol),
        amount="" if units is None else asset_text(units, asset.decimals, asset),
        networks=tuple(
            NetworkOffer(
                id=offered.option.network.id,
                name=offered.option.network.name,
                mark=network_mark(offered.option.network.id),
                fee=fee_text(_fee(offered, fees), currency),
                arrives=arrives_text(offered.option.network),
                is_best=offered is best,
                is_chosen=quote is not None
                and (quote.network, quote.asset) == (offered.option.network.id, asset.symbol),
                unavailable=offered.unavailable,
            )
            for offered in ordered
        ),
        unavailable="" if available else shown.unavailable,
        is_open=is_open,
    )


def _place(options: Sequence[OfferedOption], currency: str) -> tuple[bool, bool]:
    """What is worth the price's currency comes first: its amount is the price. What cannot be had comes last."""
    is_away = all(offered.unavailable for offered in options)
    return is_away, options[0].option.asset.peg != currency


def _best(available: Sequence[OfferedOption], fees: Fees) -> OfferedOption | None:
    """The cheapest of the fast ones, and of equals the fastest; none where there is no choice or no fee is known."""
    fast = [
        (fee, _seconds(offered.option.network), at)
        for at, offered in enumerate(available)
        if (fee := _fee(offered, fees)) is not None and _seconds(offered.option.network) <= _FAST
    ]
    return available[min(fast)[2]] if fast and len(available) > 1 else None


def _fee(offered: OfferedOption, fees: Fees) -> Decimal | None:
    return fees.get((offered.option.network.id, offered.option.asset.symbol))


def _seconds(network: Network) -> float:
    return network.block_seconds * network.confirmations.small
