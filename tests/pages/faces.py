"""Every face that a buyer's page can have: how to bring one about, and where it is seen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.health import record_problem
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.paying.announcing import announce
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.address import name_address
from sessions_app.selling.creation import create_session
from sessions_app.selling.payment_links import create_link
from sessions_app.state.lifecycle import cancel
from tests.cast import OTTOS_WALLET, PATS_WALLET, agreed
from tests.sandbox import Sandbox

HASH = "0x" + "9c41e07b5d2f38a6" * 4
REAL = ("devchain", "sepolia", "base-sepolia")
_GWEI = 10**9
_orders = count(82)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A shop, the sandbox chain with its clock, and networks that nobody asks."""

    mia: Merchant
    sandbox: Sandbox
    monkeypatch: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)

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

    @contextmanager
    def usual(self) -> Iterator["Stage"]:
        """The stage for one face; afterwards everything is as it was."""
        name = self.mia.name
        try:
            with pytest.MonkeyPatch.context() as patch:
                yield replace(self, monkeypatch=patch)
        finally:
            Merchant.objects.filter(pk=self.mia.pk).update(
                suspended_at=None, suspended_by="", suspension_reason="", name=name
            )
            ScanCursor.objects.filter(network__in=REAL).update(unread_since=None, problem="")

    def real_networks(self) -> None:
        """Test networks are switched on, and each has said what gas costs."""
        for at, name in enumerate(REAL):
            self.monkeypatch.setenv(network(name).rpc_variable, "http://127.0.0.1:9")
            cache.set(f"chains:gas-price:{name}", (at + 1) * _GWEI)


Face = Callable[[Stage], str]


def _page(session: CheckoutSession, query: str = "") -> str:
    return f"/pay/{session.page_token}{query}"


def _on_real(**of: Any) -> Face:
    query = of.pop("query", "")

    def face(stage: Stage) -> str:
        stage.real_networks()
        return _page(stage.picked(on="base-sepolia", **of), query)

    return face


def _played(scenario: str, **of: Any) -> Face:
    return lambda stage: _page(stage.played(scenario, **of))


def _choose(stage: Stage) -> str:
    stage.real_networks()
    return _page(stage.session())


def _choose_none(stage: Stage) -> str:
    return _page(stage.session(currency="PKR", amount=Decimal(4900), allowedAssets=["EURC"]))


def _sent(stage: Stage, tx_hash: str, minutes: int = 0) -> str:
    stage.real_networks()
    session = stage.picked(on="base-sepolia")
    announce(session, tx_hash=tx_hash, amount="49.00 USDC", now=timezone.now())
    stage.sandbox.skip(minutes=minutes)
    return _page(session)


def _lapsed(stage: Stage) -> str:
    session = stage.picked("ETH")
    stage.sandbox.skip(minutes=16)
    return _page(session)


def _clock(stage: Stage) -> str:
    session = stage.picked("ETH")
    stage.sandbox.skip(minutes=11)
    return _page(session)


def _processing_slow(stage: Stage) -> str:
    session = stage.played("stuck", 1)
    stage.sandbox.skip(minutes=6)
    return _page(session)


def _late_end(stage: Stage, act: Callable[[CheckoutSession], object]) -> str:
    session = stage.picked()
    act(session)
    stage.sandbox.skip(minutes=61)
    stage.sandbox.look()
    return _page(session)


def _expired_partial(stage: Stage) -> str:
    session = stage.played("short")
    stage.sandbox.skip(minutes=61)
    stage.sandbox.look()
    return _page(session)


def _cancelled(stage: Stage) -> str:
    session = stage.picked()
    cancel(session)
    return _page(session)


def _away(stage: Stage) -> str:
    stage.real_networks()
    session = stage.picked(on="base-sepolia")
    for minutes in (5, 0):
        record_problem(network=network("base-sepolia"), problem="away", now=timezone.now() - timedelta(minutes=minutes))
    CheckoutSession.objects.filter(pk=session.pk).update(stands_still_since=timezone.now())
    return _page(session)


def _switched_off(stage: Stage) -> str:
    stage.real_networks()
    session = stage.picked(on="sepolia")
    stage.monkeypatch.delenv(network("sepolia").rpc_variable)
    return _page(session)


def _paused(stage: Stage) -> str:
    session = stage.picked()
    stopped = {"suspended_at": timezone.now(), "suspended_by": "olga@example.com", "suspension_reason": "For a test."}
    Merchant.objects.filter(pk=stage.mia.pk).update(**stopped)
    return _page(session)


def _order_paid(stage: Stage) -> str:
    session = stage.picked()
    CheckoutSession.objects.filter(pk=session.pk).update(order_paid_by="cs_other")
    return _page(session)


def _long_words(stage: Stage) -> str:
    stage.real_networks()
    Merchant.objects.filter(pk=stage.mia.pk).update(name="Donaudampfschifffahrtsgesellschaftskapitänsladen")
    return _page(stage.picked(on="base-sepolia", productName="Rindfleischetikettierungsüberwachung" * 3))


def _link(stage: Stage, **changes: Any) -> str:
    terms = {
        "amount": Decimal(12), "currency": "EUR", "product_id": "mug", "product_name": "Stoneware mug",
        "product_description": "350 ml, dishwasher-safe", "allowed_assets": [], "success_url": "", "metadata": {},
    }  # fmt: skip
    made = create_link(merchant=stage.mia, mode="test", terms=terms | changes)
    return f"/l/{made.public_id}"


def _link_closed(stage: Stage) -> str:
    url = _link(stage)
    PaymentLink.objects.filter(merchant=stage.mia).update(is_active=False)
    return url


def _refund(stage: Stage, *addresses: str) -> str:
    session = stage.played("over")
    query = ""
    for address in addresses:
        change = name_address(session, address, now=timezone.now())
        session = CheckoutSession.objects.get(pk=session.pk)
        query = f"?change={change.public_id}" if change else ""
    mail.outbox.clear()
    return f"/pay/{session.page_token}/refund{query}"


FACES: dict[str, Face] = {
    "choose": _choose,
    "choose-none": _choose_none,
    "send": _on_real(),
    "send-other-code": _on_real(query="?qr=other"),
    "send-eth": _on_real(asset="ETH"),
    "send-exchange": _on_real(query="?from=exchange"),
    "send-dropped": _played("dropped"),
    "send-wrong-asset": _played("wrong_asset", allowedAssets=["USDC"]),
    "send-test": lambda stage: _page(stage.picked()),
    "send-clock": _clock,
    "send-long-words": _long_words,
    "lapsed": _lapsed,
    "sent-waiting": lambda stage: _sent(stage, HASH),
    "sent-slow": lambda stage: _sent(stage, HASH, minutes=12),
    "sent-exchange": lambda stage: _sent(stage, ""),
    "processing": _played("exact", seconds=1, amount=Decimal(20_000)),
    "processing-slow": _processing_slow,
    "partial": _played("short"),
    "paid": _played("exact"),
    "overpaid": _played("over"),
    "late": _played("late"),
    "paid-twice": _played("twice"),
    "reversed": _played("reorged"),
    "expired": lambda stage: _late_end(stage, lambda session: None),
    "expired-partial": _expired_partial,
    "cancelled": _cancelled,
    "away": _away,
    "switched-off": _switched_off,
    "paused": _paused,
    "order-paid": _order_paid,
    "not-found": lambda stage: "/pay/pg_nobodyknowsthis",
    "link": _link,
    "link-any-amount": lambda stage: _link(stage, amount=None),
    "link-closed": _link_closed,
    "refund": _refund,
    "refund-kept": lambda stage: _refund(stage, PATS_WALLET),
    "refund-change": lambda stage: _refund(stage, PATS_WALLET, OTTOS_WALLET),
}
