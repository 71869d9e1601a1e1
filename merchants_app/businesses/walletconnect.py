"""Wallets that are reached over WalletConnect's relay: only for buyers of a business that gave its project id."""

from django.conf import settings

from merchants_app.models import Merchant


def relay_of(merchant: Merchant) -> str:
    """Where the business's buyers reach wallets; empty: nowhere, and nothing may be asked of anybody."""
    return str(settings.WALLETCONNECT_RELAY) if merchant.walletconnect_project_id else ""
