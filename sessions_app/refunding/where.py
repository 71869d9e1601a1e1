"""Where money can go back to: a wallet that somebody can spend from."""

from django.utils.translation import gettext

from chains_app.networks.networks import all_networks
from chains_app.receiving.deposits import WrongAddress, checked_address
from merchants_app.treasuries.treasuries import is_nobodys
from sessions_app.buyers.forgetting import is_erased
from sessions_app.errors import WrongRefund
from sessions_app.models import CheckoutSession, DepositAddress


def checked_refund_address(session: CheckoutSession, address: str) -> str:
    """The address, checksummed. Raises `WrongRefund` naming why nothing can be sent back there."""
    if is_erased(session):
        raise WrongRefund(
            gettext("This payment is long over, and nothing is kept about its buyer any more: ask the shop.")
        )
    try:
        checked = checked_address(address)
    except WrongAddress as wrong:
        raise WrongRefund(str(wrong), attr="address") from None
    if checked in _useless_addresses(session) or is_nobodys(checked) or _is_deposit(session, checked):
        raise WrongRefund(
            gettext("That is not a wallet of yours: give an address that you can spend from."), attr="address"
        )
    return checked


def _useless_addresses(session: CheckoutSession) -> set[str]:
    """Where a refund would be lost or go in a circle: the tokens' contracts, the treasury."""
    tokens = {asset.contract for each in all_networks().values() for asset in each.assets.values() if asset.contract}
    treasury = session.treasury.address if session.treasury else ""
    return tokens | {treasury}


def _is_deposit(session: CheckoutSession, address: str) -> bool:
    """Buyers of several orders copy an address that they paid to: it would pay for another of the shop's sessions."""
    ours = DepositAddress.objects.filter(session__merchant=session.merchant_id, session__mode=session.mode)
    return ours.filter(address=address).exists()
