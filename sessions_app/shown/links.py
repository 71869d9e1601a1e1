"""The links that lead away from the buyer's page: back to the shop, and into the wallet apps on a phone.

Those of the apps open the page inside the wallet, whose browser has the wallet at hand.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

# Each app's own link. By its scheme, so that without the app nobody learns the page's address, and the page stays.
APPS = {
    "MetaMask": "metamask://dapp/{bare}",
    "Trust Wallet": "trust://open_url?coin_id=60&url={quoted}",
    "Base (Coinbase Wallet)": "cbwallet://dapp?url={quoted}",
    "Rainbow": "rainbow://dapp?url={quoted}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletApp:
    """An app and its link to a page."""

    name: str
    link: str


def apps_for(url: str) -> tuple[WalletApp, ...]:
    """The links that open the page at that URL."""
    bare = url.partition("://")[2]
    quoted = quote(url, safe="")
    return tuple(WalletApp(name=name, link=link.format(bare=bare, quoted=quoted)) for name, link in APPS.items())


def with_session_id(url: str, session_id: str) -> str:
    """The shop's URL with `session_id` added to its query; what it holds already, fragment included, stays as it is."""
    parts = urlsplit(url)
    added = f"session_id={quote(session_id, safe='')}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))
