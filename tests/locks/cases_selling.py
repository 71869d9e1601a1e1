"""Rules of what is sold by hand that are one: the act and its audit line."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.letters.again import send_link_again, send_receipt_again
from sessions_app.selling.by_hand import NO_SHOP, alter_link, make_link, sell
from sessions_app.selling.creation import SessionTerms
from sessions_app.selling.payment_links import create_link
from tests.locks.breaking import Act, holds
from tests.locks.stage import paid, written_to

TERMS = {"product_name": "Course", "amount": Decimal(120), "currency": "USD"}


@holds("sessions_app.selling.by_hand.sell")
def a_session_made_by_hand(mia: Merchant) -> Act:
    terms = SessionTerms(
        amount=Decimal(49), currency="USD", success_url=NO_SHOP, cancel_url=NO_SHOP, email="nora@example.com",
        name="Nora", metadata={}, product_id="", product_name="Box", product_description="", allowed_assets=[],
        expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    return lambda: sell(merchant=mia, mode="test", terms=terms, actor="mia@example.com", writes=False)


@holds("sessions_app.letters.again.send_link_again")
def a_link_sent_again(mia: Merchant) -> Act:
    session = written_to(mia)
    return lambda: send_link_again(session, actor="mia@example.com", now=timezone.now())


@holds("sessions_app.letters.again.send_receipt_again")
def a_receipt_sent_again(mia: Merchant) -> Act:
    session = paid(mia)
    return lambda: send_receipt_again(session, actor="mia@example.com", now=timezone.now())


@holds("sessions_app.selling.by_hand.make_link")
def a_link_made_by_hand(mia: Merchant) -> Act:
    return lambda: make_link(merchant=mia, mode="test", terms=TERMS, actor="mia@example.com")


@holds("sessions_app.selling.by_hand.alter_link")
def a_link_changed_by_hand(mia: Merchant) -> Act:
    link = create_link(merchant=mia, mode="test", terms=TERMS)
    return lambda: alter_link(link, {"is_active": False}, actor="mia@example.com")
