"""A buyer who left traces wherever one can, and time enough for them to be over."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core import mail
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.letters.at_once import ask_by_mail, name_address
from sessions_app.models import CheckoutSession, Customer
from sessions_app.paying.decisions import decide
from sessions_app.refunding.address import confirm_change, leave_address
from sessions_app.refunding.refunds import play_refund, prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.selling.creation import create_session
from sessions_app.status import DecisionKind, RefundKind
from tests.cast import Api, agreed, terms
from tests.desk import Desk, owner_of
from tests.sandbox import Sandbox
from tests.strangers.world import own
from webhooks_app.models import Delivery, DeliveryAttempt

# Words that stand for one person; nothing else in the test's database has them.
EMAIL, NAME, WALLET = "ada.byron@example.org", "Ada Byron", "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"
OTHER_WALLET = "0x976EA74026E726554dB657fA54763abd0C3a0aa9"
STREET, TOKEN = "12 Sackville Street", "tok-5f2a"
WORDS = (EMAIL, "ada.byron%40example.org", NAME, WALLET, OTHER_WALLET, STREET, TOKEN)


def adas_terms(**changes: Any) -> dict[str, Any]:
    """What a shop sends that puts personal data wherever it can."""
    return terms(
        email=EMAIL,
        name=NAME,
        metadata={"orderId": "77", "street": STREET},
        reference=f"order-77-{EMAIL}",
        successUrl=f"https://shop.example/thanks?token={TOKEN}&mail=ada.byron%40example.org",
        cancelUrl=f"https://shop.example/{TOKEN}/cart",
        productName=f"Ring, engraved {NAME}",
        productDescription=f"To be picked up; questions to {EMAIL}",
        **changes,
    )


def leave_traces(sandbox: Sandbox, api: Api, mia: Merchant) -> Customer:
    """Paid too much, was asked for an address, got the excess back; once paid too little, and a note was taken."""
    api.post("webhook-endpoints", {"url": "http://127.0.0.1:9/hooks"})
    api.post("payment-links", {"currency": "USD", "productName": f"Invoice for {EMAIL}", "metadata": {"to": EMAIL}})
    made = api.post("checkout", adas_terms(), Idempotency_Key=f"order-77-{EMAIL}").answer
    over = sandbox.play(CheckoutSession.objects.get(public_id=made["id"]), "over", asset="USDC")
    ask_by_mail(over, actor="mia@example.com", now=timezone.now())
    refund = prepare_refund(
        session=leave_address(over, WALLET), wish=Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS)),
        actor="mia@example.com", now=timezone.now(),
    )  # fmt: skip
    play_refund(refund, now=timezone.now())
    sandbox.skip(seconds=5)
    sandbox.wait(1, over)
    change = name_address(over, OTHER_WALLET, now=timezone.now())
    assert change
    code = re.search(r"\b[0-9]{6}\b", mail.outbox[-1].body)
    assert code
    confirm_change(over, change.public_id, code[0], now=timezone.now())
    short = create_session(merchant=mia, mode="test", terms=agreed(**adas_terms() | {"reference": "order-78"}))
    short = sandbox.play(short, "short", asset="USDC")
    sandbox.skip(hours=2)
    short = sandbox.wait(2, short)
    decide(session=short, kind=DecisionKind.WRITE_OFF, actor="mia@example.com", note=f"{NAME} called: leave it")
    listed, today = urlencode({"what": "sessions", "q": EMAIL, "email": EMAIL}), timezone.now().date()
    desk = Desk(owner_of(mia))
    desk.post(f"books/exports?{listed}", what="sessions", format="csv", first=today, last=today)
    desk.post("views", of="sessions", name=f"Orders of {NAME}", query=urlencode({"q": EMAIL}))
    desk.post("views", of="payments", name="Paid back", query=urlencode({"q": OTHER_WALLET}))
    for delivery in own(Delivery):
        DeliveryAttempt.objects.create(
            delivery=delivery, started_at=timezone.now(), duration_ms=3, status_code=200, detail=f"to {EMAIL}",
            answer_excerpt=f"thank you, {NAME}",
        )  # fmt: skip
    return Customer.objects.get(merchant=mia, mode="test", email=EMAIL)


@pytest.fixture
def ada(sandbox: Sandbox, api: Api, mia: Merchant) -> Customer:
    """She who did all that."""
    return leave_traces(sandbox, api, mia)


@pytest.fixture
def later(sandbox: Sandbox) -> Callable[[int], None]:
    """Days pass on the clock, without anybody looking at the chain."""

    def pass_days(days: int) -> None:
        sandbox.clock.shift(timedelta(days=days))

    return pass_days
