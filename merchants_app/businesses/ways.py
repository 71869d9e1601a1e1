"""What a business is paid with, and how deep its payments must be: what the installation has, less what it took out."""

from collections.abc import Mapping, Sequence

from chains_app.networks.networks import Confirmations, Network, PaymentOption, payment_options
from merchants_app.models import Merchant, is_off


def ways_to_pay(merchant: Merchant, mode: str) -> list[PaymentOption]:
    """Every asset on every enabled network of the mode that the business has not switched off."""
    return [
        option
        for option in payment_options(mode)
        if not is_off(merchant.ways_off, asset=option.asset.symbol, network=option.network.id)
    ]


def asked_confirmations(by_network: Mapping[str, Sequence[int]], network: Network) -> Confirmations:
    """What a business asked for on a network, and never less than the network itself does, whatever is written down.

    The installation's numbers say when a payment is unlikely to be undone; they may have grown since.
    """
    own, asked = network.confirmations, by_network.get(network.id)
    if asked is None:
        return own
    small, normal, large = asked
    return Confirmations(small=max(own.small, small), normal=max(own.normal, normal), large=max(own.large, large))
