"""What the faces of the buyer's pages are played on: a shop, the sandbox chain, networks that nobody asks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page

from chains_app.models import ScanCursor
from chains_app.networks.networks import network
from merchants_app.models import Merchant
from sessions_app.letters.at_once import name_address
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from sessions_app.selling.payment_links import create_link
from tests.cast import agreed
from tests.sandbox import Sandbox

REAL = ("devchain", "sepolia", "base-sepolia")
_GWEI = 10**9
_orders = count(82)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A shop, the sandbox chain with its clock, and networks that nobody asks."""

    mia: Merchant
    sandbox: Sandbox
    monkeypatch: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)
    _paid: dict[str, CheckoutSession] = field(default_factory=dict)

    def session(self, **changes: Any) -> CheckoutSession:
        """A session of the shop's."""
        return create_session(
            merchant=self.mia, mode="test", terms=agreed(**{"reference": f"104{next(_orders):02}"} | changes)
        )

    def picked(self, asset: str = "USDC", on: str = "sandbox", **changes: Any) -> CheckoutSession:
        """One for which that was chosen."""
        session = self.session(**changes)
        choose_option(session=session, asset=asset, network=on, now=timezone.now())
        return session

    def played(self, scenario: str, seconds: int = 9, **changes: Any) -> CheckoutSession:
        """One that was paid so on the sandbox."""
        return self.sandbox.play(self.picked(**changes), scenario, seconds=seconds)

    def once(self, scenario: str) -> CheckoutSession:
        """One that was paid so, for faces that change nothing of it: the same as the last time."""
        if scenario not in self._paid:
            self._paid[scenario] = self.played(scenario)
        return CheckoutSession.objects.get(pk=self._paid[scenario].pk)

    @contextmanager
    def usual(self) -> Iterator["Stage"]:
        """The stage for one face; afterwards everything is as it was."""
        name = self.mia.name
        try:
            with pytest.MonkeyPatch.context() as patch:
                yield replace(self, monkeypatch=patch)
        finally:
            Merchant.objects.filter(pk=self.mia.pk).update(
                suspended_at=None, suspended_by="", suspension_reason="", name=name, walletconnect_project_id=""
            )
            ScanCursor.objects.filter(network__in=(*REAL, "sandbox")).update(unread_since=None, problem="")

    def real_networks(self) -> None:
        """Test networks are switched on, and each has said what gas costs."""
        for at, name in enumerate(REAL):
            self.monkeypatch.setenv(network(name).rpc_variable, "http://127.0.0.1:9")
            cache.set(f"chains:gas-price:{name}", (at + 1) * _GWEI)

    def link(self, **changes: Any) -> PaymentLink:
        """A payment link of the shop's."""
        terms = {
            "amount": Decimal(12), "currency": "EUR", "product_id": "mug", "product_name": "Stoneware mug",
            "product_description": "350 ml, dishwasher-safe", "allowed_assets": [], "success_url": "", "metadata": {},
        }  # fmt: skip
        return create_link(merchant=self.mia, mode="test", terms=terms | changes)

    def refund_page(self, *addresses: str) -> str:
        """Where the buyer of one who paid too much says where a refund goes; after naming these addresses."""
        session, query = self.played("over") if addresses else self.once("over"), ""
        for address in addresses:
            change = name_address(session, address, now=timezone.now())
            session = CheckoutSession.objects.get(pk=session.pk)
            query = f"?change={change.public_id}" if change else ""
        mail.outbox.clear()
        return page_of(session, f"/refund{query}")


def _goes(page: Page, url: str) -> None:
    page.goto(url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a face is seen, and how a browser comes to it."""

    path: str
    come: Callable[[Page, str], None] = _goes
    needs_script: bool = False
    code: str = ""  # what its QR code says; empty: the address that the page shows
    code_at: str = ".qr"


Face = Callable[[Stage], Scene]


def at(path: str) -> Scene:
    """A face that its address alone shows."""
    return Scene(path=path)


def page_of(session: CheckoutSession, query: str = "") -> str:
    """The path of its buyer's page."""
    return f"/pay/{session.page_token}{query}"
