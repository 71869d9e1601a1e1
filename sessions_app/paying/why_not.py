"""Why something cannot be paid with, as sentences that buyers read in their language, and shops in English."""

from collections.abc import Collection
from decimal import Decimal

from django.utils.translation import get_language

from chains_app.networks.networks import Network, PaymentOption
from chains_app.rates.exchange_rates import RateUnavailable
from chains_app.reading.health import NotOffered
from common.money import plain
from sessions_app.sentences import Sentence, filled, gettext


def paused() -> Sentence:
    """Why a suspended shop's session cannot be paid, as a sentence."""
    return gettext("This shop takes no payments at the moment. What was sent already is watched and counted.")


def offered(network: Network, why: NotOffered) -> Sentence:
    """Why nothing new is to be paid on a network."""
    if why == NotOffered.UNREAD:
        sentence = gettext(
            "We cannot see %(network)s at the moment: choose another network, or try again in a few minutes."
        )
    else:
        sentence = gettext("Nothing new is taken on %(network)s at the moment: choose another network.")
    return filled(sentence, {"network": network.name})


def priced(asset: str, currency: str, reason: RateUnavailable) -> Sentence:
    """Why an asset has no price now. Sources and their rules have English words only: others read that it is so."""
    if get_language() in {None, "en"}:
        return Sentence(reason)
    words = gettext("%(asset)s cannot be priced in %(currency)s right now.")
    return filled(words, {"asset": asset, "currency": currency})


def outside_limits(option: PaymentOption, price: Decimal) -> Sentence:
    """Why a price, in whole units of the asset, is not taken by this option, as a sentence; empty when it is.

    The rest of a price that was begun to be paid is always taken, however small.
    """
    asset = option.asset
    names = {"asset": asset.symbol, "network": option.network.name}
    if asset.minimum is not None and price < asset.minimum:
        sentence = gettext("%(asset)s on %(network)s is taken from %(least)s %(asset)s upwards.")
        return filled(sentence, names | {"least": plain(asset.minimum)})
    if asset.maximum is not None and price > asset.maximum:
        sentence = gettext("%(asset)s on %(network)s is taken up to %(most)s %(asset)s.")
        return filled(sentence, names | {"most": plain(asset.maximum)})
    return Sentence()


def other_assets(asset: str, choices: Collection[str]) -> Sentence:
    """What could be picked instead of an asset that does not pay this."""
    if not choices:
        return gettext("This cannot be paid any more: all that it took is switched off.")
    sentence = gettext("This cannot be paid in '%(asset)s': choose one of %(choices)s.")
    return filled(sentence, {"asset": asset, "choices": ", ".join(sorted(choices))})


def other_networks(asset: str, network: str, choices: Collection[str]) -> Sentence:
    """Where an asset could be sent instead of a network on which it does not pay this."""
    sentence = gettext("%(asset)s is not taken on '%(network)s': choose one of %(choices)s.")
    return filled(sentence, {"asset": asset, "network": network, "choices": ", ".join(choices)})
