"""A session made by hand: what it may be paid with, and its letter, read before anything is made."""

from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.letters.sending import send_letters
from sessions_app.models import CheckoutSession, Letter
from tests.desk import Desk
from tests.strangers.world import own

INVOICE = {"product": "Winter box", "amount": "49.00", "currency": "USD", "ends": "3d"}


@pytest.mark.parametrize(
    ("ticked", "allowed"), [([], []), (["USDC"], ["USDC"]), (["ETH", "USDC"], ["ETH", "USDC"]), ("all", [])]
)
def test_it_may_be_paid_with_what_is_ticked(desk: Desk, ticked: Any, allowed: list[str]) -> None:
    assets = desk.get("new-session").context["form"].takes
    assert {"ETH", "USDC"} < set(assets)
    desk.post("new-session", assets=assets if ticked == "all" else ticked, **INVOICE)
    assert sorted(own(CheckoutSession).get().allowed_assets) == allowed


def test_what_the_business_does_not_take_is_refused_at_its_field(desk: Desk) -> None:
    answer = desk.post("new-session", assets=["DOGE"], **INVOICE)
    assert answer.status_code == 400
    assert 'id="id_assets_error"' in answer.content.decode()
    assert '<details class="fold" open>' in answer.content.decode()
    assert not own(CheckoutSession).exists()


def test_the_letter_is_seen_as_it_will_leave_and_nothing_is_made(desk: Desk, mia: Merchant) -> None:
    Merchant.objects.filter(pk=mia.pk).update(language="de", support_email="hello@mia.example")
    mail.outbox.clear()
    form = INVOICE | {"email": "mia@example.com", "reference": "A-1", "letter": "on"}
    answer = desk.post("new-session", see="1", **form)
    assert answer.status_code == 200
    shown = answer.content.decode().partition('<div class="letter" lang="de" dir="auto">')[2]
    seen = unescape(shown.partition("</div>")[0])
    assert "Winter box" in seen
    assert "49,00 USD" in seen
    assert not own(CheckoutSession).exists()
    assert not Letter.objects.filter(kind="asked_to_pay").exists()

    desk.post("new-session", **form)
    session = own(CheckoutSession).get()
    send_letters(timezone.now())
    (sent,) = mail.outbox
    held = [line for line in sent.body.splitlines() if "UTC" not in line]
    assert [line for line in seen.splitlines() if "UTC" not in line] == [
        line.replace(session.page_token, "…") for line in held
    ]


def test_no_letter_is_seen_of_what_is_wrong(desk: Desk) -> None:
    answer = desk.post("new-session", see="1", **(INVOICE | {"amount": "49.005"}))
    assert answer.status_code == 400
    assert '<div class="letter"' not in answer.content.decode()
    assert '<a href="#id_amount">Amount</a>' in answer.content.decode()
