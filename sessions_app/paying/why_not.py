"""Why something cannot be paid with, as sentences that buyers read in their language, and shops in English."""

from collections.abc import Collection
from decimal import Decimal

from django.utils.translation import get_language, gettext

from chains_app.networks.networks import Network, PaymentOption
from chains_app.rates.exchange_rates import RateUnavailable
from chains_app.reading.health import NotOffered
from common.money import plain


def paused() -> str:
    """Why a suspended shop's session cannot be paid, as a sentence."""
    return gettext("This shop takes no payments at the moment. What was sent already is watched and counted.")


def why_not_offered(network: Network, why: NotOffered) -> str:
    """Why nothing new is to be paid on a network."""
    if why == NotOffered.UNREAD:
        sentence = gettext(
            "We cannot see %(network)s at the moment: choose another network, or try again in a few minutes."
        )
    else:
        sentence = gettext("Nothing new is taken on %(network)s at the moment: choose another network.")
    return sentence % {"network": network.name}


def why_not_priced(asset: str, currency: str, reason: RateUnavailable) -> str:
    """Why an asset has no price now. Sources and their rules have English words only: others read that it is so."""
    if get_language() in {None, "en"}:
        return str(reason)
    return gettext("%(asset)s cannot be priced in %(currency)s right now.") % {"asset": asset, "currency": currency}


def outside_limits(option: PaymentOption, price: Decimal) -> str:
    """Why a price, in whole units of the asset, is not taken by this option, as a sentence; empty when it is.

    The rest of a price that was begun to be paid is always taken, however small.
    """
    asset = option.asset
    names = {"asset": asset.symbol, "network": option.network.name}
    if asset.minimum is not None and price < asset.minimum:
        sentence = gettext("%(asset)s on %(network)s is taken from %(least)s %(asset)s upwards.")
        return sentence % (names | {"least": plain(asset.minimum)})
    if asset.maximum is not None and price > asset.maximum:
        sentence = gettext("%(asset)s on %(network)s is taken up to %(most)s %(asset)s.")
        return sentence % (names | {"most": plain(asset.maximum)})
    return ""


def other_assets(asset: str, choices: Collection[str]) -> str:
    """What could be picked instead of an asset that does not pay this."""
    if not choices:
        return gettext("This cannot be paid any more: all that it took is switched off.")
    sentence = gettext("This cannot be paid in '%(asset)s': choose one of %(choices)s.")
    return sentence % {"asset": asset, "choices": ", ".join(sorted(choices))}
