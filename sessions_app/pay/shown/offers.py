"""The options to choose from: one card per asset, with the networks it can be sent on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext

from chains_app.networks.networks import Network
from sessions_app.models import Quote
from sessions_app.paying.quoting import OfferedOption
from sessions_app.reading.amounts import asset_text, duration_text

# Marks of our own under static/icons/; anything else gets the plain coin or chain.
_ASSET_MARKS = frozenset({"ETH", "USDC", "USDT", "DAI", "POL", "BNB"})
_NETWORK_MARKS = frozenset({"ethereum", "base", "arbitrum", "optimism", "polygon", "bsc", "sandbox"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOffer:
    """One network an asset can be sent on."""

    id: str
    name: str
    icon: str
    speed: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetOffer:
    """One asset, what it would take of it now, and where; `unavailable` says why it cannot be had."""

    symbol: str
    name: str
    icon: str
    amount: str
    networks: tuple[NetworkOffer, ...]
    unavailable: str


def asset_icon(symbol: str) -> str:
    """Path of an asset's mark below static/."""
    return f"icons/{symbol.lower() if symbol in _ASSET_MARKS else 'coin'}.svg"


def network_icon(network_id: str) -> str:
    """Path of a network's mark below static/. Test networks wear the mark of what they imitate."""
    known = network_id.split("-")[0]
    return f"icons/on-{known if known in _NETWORK_MARKS else 'chain'}.svg"


def speed_text(network: Network) -> str:
    """How long a usual payment takes to be final: 'about 40 seconds'."""
    seconds = network.block_seconds * network.confirmations.small
    if seconds <= 10:
        return gettext("a few seconds")
    return gettext("about %(time)s") % {"time": duration_text(timedelta(seconds=seconds))}


def offers_of(options: Sequence[OfferedOption], *, quote: Quote | None) -> tuple[AssetOffer, ...]:
    """The options grouped by asset, in the order they came; those that cannot be had stand last."""
    symbols = list(dict.fromkeys(offered.option.asset.symbol for offered in options))
    offers = [_offer([o for o in options if o.option.asset.symbol == symbol], quote) for symbol in symbols]
    return tuple(sorted(offers, key=lambda offer: bool(offer.unavailable)))


def _offer(options: Sequence[OfferedOption], quote: Quote | None) -> AssetOffer:
    available = [offered for offered in options if not offered.unavailable]
    shown = (available or options)[0]
    asset = shown.option.asset
    units = shown.amount_units
    return AssetOffer(
        symbol=asset.symbol,
        name=asset.name,
        icon=asset_icon(asset.symbol),
        amount="" if units is None else asset_text(units, asset.decimals, asset),
        networks=tuple(_on_network(offered, quote) for offered in available),
        unavailable="" if available else shown.unavailable,
    )


def _on_network(offered: OfferedOption, quote: Quote | None) -> NetworkOffer:
    network, asset = offered.option.network, offered.option.asset
    return NetworkOffer(
        id=network.id,
        name=network.name,
        icon=network_icon(network.id),
        speed=speed_text(network),
        is_chosen=quote is not None and (quote.network, quote.asset) == (network.id, asset.symbol),
    )
