"""Wallets that are reached over WalletConnect's relay: only for buyers of a business that gave its project id."""

from django.conf import settings

from merchants_app.businesses.switches import is_on
from merchants_app.models import Feature, Merchant


def relay_of(merchant: Merchant) -> str:
    """Where the business's buyers reach wallets; empty: nowhere, and nothing may be asked of anybody."""
    is_asked = merchant.walletconnect_project_id and is_on(Feature.WALLETCONNECT)
    return str(settings.WALLETCONNECT_RELAY) if is_asked else ""
