"""A session made by hand: what it may be paid with, and its letter, read before anything is made."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from common.mail_backends import NOWHERE
from merchants_app.models import AuditEntry, Merchant
from sessions_app.letters.sending import send_letters
from sessions_app.models import CheckoutSession, Letter
from tests.desk import Desk
from tests.strangers.world import own

LETTERS = Letter.objects.filter(kind="asked_to_pay")
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


def asked(desk: Desk, email: str, **more: str) -> str:
    """Asks a buyer to pay; what the member is told."""
    answer = desk.post("new-session", email=email, name="Nora", letter="on", **(INVOICE | more))
    return desk.client.get(answer["Location"]).content.decode()


def test_a_session_is_made_by_hand_and_the_buyer_is_written_to_once(desk: Desk, mia: Merchant) -> None:
    mail.outbox.clear()
    Merchant.objects.filter(pk=mia.pk).update(time_zone="America/Los_Angeles")
    assert "A letter to the buyer is on its way." in asked(desk, "mia@example.com", reference="A-1")
    session = own(CheckoutSession).get()
    assert (session.amount, session.currency, session.reference) == (49, "USD", "A-1")
    assert timedelta(days=2, hours=23) < session.expires_at - timezone.now() <= timedelta(days=3)
    send_letters(timezone.now())
    (letter,) = mail.outbox
    assert letter.to == ["mia@example.com"]
    assert letter.subject == "Mia Coffee asks you for a payment"
    assert f"/pay/{session.page_token}\n" in letter.body
    assert "49.00 USD" in letter.body
    assert f", {session.expires_at:%H:%M} UTC (" in letter.body
    assert AuditEntry.objects.get(subject=session.public_id, action="session.created").actor == desk.user.email


def test_no_letter_is_said_to_leave_that_does_not(desk: Desk, settings: Any) -> None:
    Merchant.objects.filter(public_id=desk.business).update(letters_a_day=2)
    assert "in test mode only your own people get any" in asked(desk, "nora@example.com")
    for _ in range(2):
        assert "is on its way" in asked(desk, "mia@example.com")
    assert "were within a day" in asked(desk, "mia@example.com")
    assert LETTERS.count() == 2
    LETTERS.update(owed_at=timezone.now() - timedelta(hours=25))
    settings.EMAIL_BACKEND = NOWHERE
    assert "has no mail server" in asked(desk, "mia@example.com")


def test_the_page_of_a_session_made_by_hand_leads_to_no_shop(desk: Desk) -> None:
    desk.post("new-session", **INVOICE)
    session = own(CheckoutSession).get()
    buyer = Client()
    answer = buyer.post(f"/pay/{session.page_token}/cancel")
    assert answer["Location"] == f"/pay/{session.page_token}"
    page = buyer.get(answer["Location"]).content.decode()
    assert "You cancelled this payment" in page
    assert "back-to-shop" not in page


def test_without_the_wish_nobody_is_written_to(desk: Desk) -> None:
    desk.post("new-session", email="mia@example.com", **INVOICE)
    assert not LETTERS.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "49.005"}, "decimal"),
        ({"amount": ""}, "required"),
        ({"amount": "0"}, "amount"),
        ({"email": "nobody"}, "valid email"),
        ({"ends": "9d"}, "valid choice"),
        ({"currency": "usd"}, "valid choice"),
    ],
)
def test_a_session_that_is_wrong_says_so_at_its_field(desk: Desk, typed: dict[str, str], said: str) -> None:
    answer = desk.post("new-session", **(INVOICE | typed))
    assert answer.status_code == 400
    assert said in answer.content.decode().lower()
    assert not own(CheckoutSession).exists()


def test_an_order_that_is_live_on_other_terms_is_said(desk: Desk) -> None:
    desk.post("new-session", reference="A-1", **INVOICE)
    answer = desk.post("new-session", reference="A-1", **(INVOICE | {"amount": "50"}))
    assert answer.status_code == 400
    assert "A-1" in answer.content.decode()
    assert own(CheckoutSession).count() == 1


def test_page_and_letter_are_in_the_language_that_is_chosen(desk: Desk) -> None:
    form = INVOICE | {"email": "mia@example.com", "locale": "fr"}
    assert '<div class="letter" lang="fr"' in desk.post("new-session", see="1", **form).content.decode()
    desk.post("new-session", **form)
    assert own(CheckoutSession).get().locale == "fr"
    assert desk.post("new-session", **INVOICE, locale="xx").status_code == 400
