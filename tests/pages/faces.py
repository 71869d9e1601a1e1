"""Every face that a buyer's page can have: how to bring one about, and where it is seen."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.reading.health import record_problem
from chains_app.sandbox.chain import take_back
from merchants_app.models import Merchant
from sessions_app.letters.at_once import name_address
from sessions_app.models import Authorization, AuthorizationStage, CheckoutSession, PaymentLink, Refund
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.refunds import play_refund, prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.selling.payment_links import link_url, open_link
from sessions_app.state.lifecycle import cancel
from sessions_app.state.representation import receipt_url
from sessions_app.status import RefundKind
from tests.cast import OTTOS_WALLET, PATS_WALLET
from tests.pages.fates import FATES
from tests.pages.pressed import PRESSED
from tests.pages.stage import Face, Scene, Stage, at, page_of


def _at(session: CheckoutSession, query: str = "") -> Scene:
    return at(page_of(session, query))


def _link(link: PaymentLink) -> Scene:
    return at(f"/l/{link.public_id}")


def _on_real(**of: Any) -> Face:
    query = of.pop("query", "")

    def face(stage: Stage) -> Scene:
        stage.real_networks()
        return _at(stage.picked(on="base-sepolia", **of), query)

    return face


def _played(scenario: str, **of: Any) -> Face:
    return lambda stage: _at(stage.played(scenario, **of))


def _choose(stage: Stage) -> Scene:
    stage.real_networks()
    return _at(stage.session())


def _choose_none(stage: Stage) -> Scene:
    return _at(stage.session(currency="PKR", amount=Decimal(4900), allowedAssets=["EURC"]))


def _lapsed(stage: Stage) -> Scene:
    session = stage.picked("ETH")
    stage.sandbox.skip(minutes=16)
    return _at(session)


def _clock(stage: Stage) -> Scene:
    session = stage.picked("ETH")
    stage.sandbox.skip(minutes=11)
    return _at(session)


def _last_minutes(stage: Stage) -> Scene:
    session = stage.session()
    stage.sandbox.skip(minutes=56)
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return _at(session)


def _processing_slow(stage: Stage) -> Scene:
    session = stage.played("stuck", 1)
    stage.sandbox.skip(minutes=6)
    return _at(session)


def _late_end(stage: Stage, act: Callable[[CheckoutSession], object]) -> Scene:
    session = stage.picked()
    act(session)
    stage.sandbox.skip(minutes=61)
    stage.sandbox.look()
    return _at(session)


def _expired_partial(stage: Stage) -> Scene:
    session = stage.played("short")
    stage.sandbox.skip(minutes=61)
    stage.sandbox.look()
    return _at(session)


def _cancelled(stage: Stage) -> Scene:
    session = stage.picked()
    cancel(session)
    return _at(session)


def _away(stage: Stage) -> Scene:
    stage.real_networks()
    session = stage.picked(on="base-sepolia")
    for minutes in (5, 0):
        record_problem(network=network("base-sepolia"), problem="away", now=timezone.now() - timedelta(minutes=minutes))
    CheckoutSession.objects.filter(pk=session.pk).update(stands_still_since=timezone.now())
    return _at(session)


def _processing_unseen(stage: Stage) -> Scene:
    session = stage.played("exact", seconds=1, amount=Decimal(20_000))
    record_problem(network=network("sandbox"), problem="away", now=timezone.now() - timedelta(minutes=5))
    return _at(session)


def _switched_off(stage: Stage) -> Scene:
    stage.real_networks()
    session = stage.picked(on="sepolia")
    stage.monkeypatch.delenv(network("sepolia").rpc_variable)
    return _at(session)


def _paused(stage: Stage) -> Scene:
    session = stage.picked()
    stopped = {"suspended_at": timezone.now(), "suspended_by": "olga@example.com", "suspension_reason": "For a test."}
    Merchant.objects.filter(pk=stage.mia.pk).update(**stopped)
    return _at(session)


def _order_paid(stage: Stage) -> Scene:
    session = stage.picked()
    CheckoutSession.objects.filter(pk=session.pk).update(order_paid_by="cs_other")
    return _at(session)


def _long_words(stage: Stage) -> Scene:
    stage.real_networks()
    Merchant.objects.filter(pk=stage.mia.pk).update(name="Donaudampfschifffahrtsgesellschaftskapitänsladen")
    return _at(stage.picked(on="base-sepolia", productName="Rindfleischetikettierungsüberwachung" * 3))


def _link_closed(stage: Stage) -> Scene:
    link = stage.link()
    PaymentLink.objects.filter(pk=link.pk).update(is_active=False)
    return _link(link)


def _link_sold_out(stage: Stage) -> Scene:
    link = stage.link(stock=1)
    taken = open_link(link, name="Pat Payer", email="pat@example.com")
    choose_option(session=taken, asset="USDC", network="sandbox", now=timezone.now())
    return _link(link)


def _link_over(stage: Stage) -> Scene:
    link = stage.link()
    PaymentLink.objects.filter(pk=link.pk).update(ends_at=timezone.now() - timedelta(days=1))
    return _link(link)


def _pricing(stage: Stage) -> Scene:
    session = stage.picked("ETH")
    stage.sandbox.skip(minutes=50)
    stage.monkeypatch.setattr("chains_app.rates.exchange_rates.fixed_rate", lambda asset, currency: None)
    stage.sandbox.send_to(session.deposit.address, "0.02", asset="ETH")
    return _at(session)


def _signed(stage: Stage) -> Scene:
    stage.real_networks()
    stage.monkeypatch.setattr(settings, "FACILITATOR_URL", "http://127.0.0.1:9")
    session = stage.picked(on="base-sepolia")
    Authorization.objects.create(
        session=session, network="base-sepolia", asset="USDC", sender=PATS_WALLET, nonce="0x" + "1" * 64,
        amount_units=49_000_000, valid_before=timezone.now() + timedelta(minutes=5), stage=AuthorizationStage.SETTLING,
    )  # fmt: skip
    return _at(session)


def _refunded(stage: Stage, seconds: int, scenario: str = "over", kind: RefundKind = RefundKind.EXCESS) -> Scene:
    session = stage.played(scenario)
    name_address(session, OTTOS_WALLET, now=timezone.now())
    wish = Wish(network="sandbox", asset="USDC", what=Worth(kind))
    refund = prepare_refund(session=session, wish=wish, actor="mia@example.com", now=timezone.now())
    play_refund(refund, now=timezone.now())
    stage.sandbox.skip(milliseconds=10)
    return _at(stage.sandbox.wait(seconds, session))


def _refund_undone(stage: Stage) -> Scene:
    scene = _refunded(stage, seconds=1)
    refund = Refund.objects.latest("pk")
    take_back(tx_hash=refund.tx_hash, now=timezone.now())
    stage.sandbox.wait(2, refund.session)
    return scene


def _receipt(stage: Stage, page: str = "") -> Scene:
    url = receipt_url(stage.once("exact"))
    return Scene(path=urlsplit(url).path + page, code=f"{url}/check")


def _poster(stage: Stage) -> Scene:
    link = stage.link()
    return Scene(path=f"/l/{link.public_id}/poster", code=link_url(link))


FACES: dict[str, Face] = {
    "choose": _choose,
    "choose-none": _choose_none,
    "send": _on_real(),
    "send-other-code": _on_real(query="?qr=other"),
    "send-eth": _on_real(asset="ETH"),
    "send-exchange": _on_real(query="?from=exchange"),
    "send-dropped": _played("dropped"),
    "send-wrong-asset": _played("wrong_asset", allowedAssets=["USDC"]),
    "send-test": lambda stage: _at(stage.picked()),
    "send-clock": _clock,
    "send-last-minutes": _last_minutes,
    "send-long-words": _long_words,
    "lapsed": _lapsed,
    "processing": _played("exact", seconds=1, amount=Decimal(20_000)),
    "processing-unseen": _processing_unseen,
    "processing-slow": _processing_slow,
    "partial": _played("short"),
    "choose-rest": lambda stage: _at(stage.played("short"), "?change=1"),
    "paid": lambda stage: _at(stage.once("exact")),
    "overpaid": lambda stage: _at(stage.once("over")),
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
    "not-found": lambda stage: at("/pay/pg_nobodyknowsthis"),
    "unreadable": lambda stage: at("/pay/pg_nobodyknowsthis?q=%00"),
    "link": lambda stage: _link(stage.link()),
    "link-any-amount": lambda stage: _link(stage.link(amount=None)),
    "link-closed": _link_closed,
    "link-sold-out": _link_sold_out,
    "link-over": _link_over,
    "poster": _poster,
    "pricing": _pricing,
    "signed": _signed,
    "refund": lambda stage: at(stage.refund_page()),
    "refund-kept": lambda stage: at(stage.refund_page(PATS_WALLET)),
    "refund-change": lambda stage: at(stage.refund_page(PATS_WALLET, OTTOS_WALLET)),
    "refund-on-its-way": lambda stage: _refunded(stage, seconds=1),
    "refund-undone": _refund_undone,
    "refund-done": lambda stage: _refunded(stage, seconds=4),
    "receipt": _receipt,
    "receipt-check": lambda stage: _receipt(stage, "/check"),
    **PRESSED,
    **FATES,
    "partial-sent-back": lambda stage: _refunded(stage, 1, "short", RefundKind.FULL),
    "paid-sent-back": lambda stage: _refunded(stage, 4, "exact", RefundKind.FULL),
}

# Faces that name no address, no amount and no network.
UNSAID = {"not-found", "unreadable", "link-any-amount", "link-refused", "foreign-form"}
