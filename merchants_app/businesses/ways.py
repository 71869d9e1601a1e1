"""What a business is paid with, and how deep its payments must be: what the installation has, less what it took out."""

from collections.abc import Collection, Mapping, Sequence

from chains_app.networks.networks import Confirmations, Network, PaymentOption, payment_options
from common.errors import DomainError
from merchants_app.models import Merchant, is_off


class NothingLeft(DomainError):
    """All that the mode could be paid with is switched off."""

    code = "nothing_left"


def ways_to_pay(merchant: Merchant, mode: str) -> list[PaymentOption]:
    """Every asset on every enabled network of the mode that the business has not switched off."""
    return [
        option
        for option in payment_options(mode)
        if not is_off(merchant.ways_off, asset=option.asset.symbol, network=option.network.id)
    ]


def has_switched_off(merchant: Merchant, mode: str, assets: Collection[str]) -> bool:
    """Whether the business has switched off all that could pay in one of these assets, or in any where none is named.

    What the installation has is another matter.
    """
    if not merchant.ways_off:
        return False  # as a rule: every create asks
    on = {option.asset.symbol for option in ways_to_pay(merchant, mode)}
    return on.isdisjoint(assets or on)


def check_ways(ways_off: Collection[str], *, mode: str) -> None:
    """Raises `NothingLeft` when these leave nothing of what the mode has."""
    options = payment_options(mode)
    if options and all(is_off(ways_off, asset=each.asset.symbol, network=each.network.id) for each in options):
        raise NothingLeft(f"Leave at least one asset on one network switched on in {mode} mode.", attr="networks")


def asked_confirmations(by_network: Mapping[str, Sequence[int]], network: Network) -> Confirmations:
    """What a business asked for on a network, within what can be done there, whatever is written down.

    Never less than the network itself asks for: its numbers say when a payment is unlikely to be undone. And no more
    than blocks are looked at again for.
    """
    own, most = network.confirmations, most_confirmations(network)
    asked = by_network.get(network.id)
    if asked is None:
        return own
    small, normal, large = (min(each, most) for each in asked)
    return Confirmations(small=max(own.small, small), normal=max(own.normal, normal), large=max(own.large, large))


def most_confirmations(network: Network) -> int:
    """The most that can be asked for on a network."""
    return 2 * network.confirmations.large
