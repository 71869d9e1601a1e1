"""The buyer's page of money that goes back: all that went is listed, and nothing that was sent back reads as paid."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chains_app.sandbox.chain import take_back
from sessions_app.models import CheckoutSession, Refund
from sessions_app.refunding.refunds import play_refund, prepare_refund, withdraw_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.status import RefundKind
from tests.cast import refreshed
from tests.markup import words_of
from tests.sandbox import Sandbox
from tests.sessions_app.pay.test_page_truth import news
from tests.sessions_app.pay.test_page_truth import page as page_of
from tests.sessions_app.refunding.test_back_before_paid import sent_back
from tests.sessions_app.refunding.test_refunds import prepared

TEN = {"kind": "amount", "amount": Decimal("10.00")}
TWENTY = {"kind": "amount", "amount": Decimal("20.00")}


def said(client: Client, session: CheckoutSession) -> str:
    return words_of(page_of(client, session))


def waits(session: CheckoutSession) -> Refund:
    """All of it is to go back, once the buyer says where to."""
    wish = Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.FULL), may_wait=True)
    return prepare_refund(session=refreshed(session), wish=wish, actor="mia@example.com")


def test_what_goes_back_of_a_part_is_told_from_the_moment_that_it_is_asked_for_again(
    client: Client, sandbox: Sandbox, session: CheckoutSession
) -> None:
    part = sandbox.play(session, "short", asset="USDC")
    refund = prepared(part, kind="full")
    page = said(client, part)
    assert "Mia Coffee sends 44.10 USD back to you" in page
    assert "Please ask Mia Coffee before you pay again." in page
    assert "Send exactly 49.00 USDC" in page
    assert "On its way back" not in page
    play_refund(refund, now=timezone.now())
    sandbox.wait(1, part)
    assert "On its way back 44.10 USDC on Sandbox" in said(client, part)
    sandbox.wait(3, part)
    assert "Sent back 44.10 USDC on Sandbox" in said(client, part)


def test_a_part_of_a_part_is_not_called_an_exchanges_fee(
    client: Client, sandbox: Sandbox, session: CheckoutSession
) -> None:
    part = sandbox.play(session, "short", asset="USDC")
    assert "perhaps a fee that your exchange kept" in said(client, part)
    refund = prepared(part, **TWENTY)
    page = said(client, part)
    assert "Mia Coffee sends 20.00 USD back to you" in page
    assert "24.10 of 49.00 USD arrived" in page
    assert "perhaps a fee" not in page
    withdraw_refund(refund, actor="mia@example.com", now=timezone.now())
    assert "back to you" not in said(client, part)


@pytest.mark.parametrize(
    ("what", "headline", "lead"),
    [
        ({}, "Paid, and sent back", "Mia Coffee has sent 49.00 USD back to you for Winter box, 1 kg."),
        (TEN, "Paid, and sent back in part", "Mia Coffee has sent 10.00 USD back to you for Winter box, 1 kg."),
    ],
)
def test_what_was_paid_and_went_back_does_not_read_as_paid(
    client: Client, sandbox: Sandbox, session: CheckoutSession, what: dict[str, Any], headline: str, lead: str
) -> None:
    paid = sandbox.play(session, "exact", asset="USDC")
    sent_back(sandbox, paid, **what)
    page = said(client, paid)
    assert f"{headline} · 49.00 USD · Mia Coffee" in page  # the title of the tab
    assert lead in page
    assert ("49.00 USD to Mia Coffee" in page) == bool(what)
    assert news(client, paid) == f"{headline}."


def test_what_came_late_and_went_back_is_not_said_to_count(
    client: Client, sandbox: Sandbox, session: CheckoutSession
) -> None:
    late = sandbox.play(session, "late", asset="USDC")
    assert "It came after the time was over, and it counts" in said(client, late)
    sent_back(sandbox, late)
    page = said(client, late)
    assert "Paid, and sent back" in page
    assert "it counts" not in page
    assert news(client, late) == "Paid, and sent back."


def test_a_refund_that_the_network_took_back_is_told_until_it_is_there_again(
    client: Client, sandbox: Sandbox, session: CheckoutSession
) -> None:
    paid = sandbox.play(session, "exact", asset="USDC")
    refund = sent_back(sandbox, paid, seconds=1).refunds.get()
    assert "On its way back" in said(client, paid)
    take_back(tx_hash=refund.tx_hash, now=timezone.now())
    sandbox.wait(2, paid)
    page = said(client, paid)
    assert "The network took a refund back" in page
    assert "Mia Coffee has been told and can send it again. There is nothing for you to do." in page
    assert "On its way back" not in page
    play_refund(Refund.objects.get(pk=refund.pk), now=timezone.now())
    sandbox.wait(4, paid)
    assert "The network took a refund back" not in said(client, paid)
    assert "Paid, and sent back" in said(client, paid)


@pytest.mark.parametrize(
    ("what", "told", "untold"),
    [
        ({}, "The order is not paid. Mia Coffee has sent back what came.", "arrived in time"),
        (TWENTY, "44.10 of 49.00 USD arrived in time", "24.10"),
    ],
)
def test_of_what_ended_unpaid_it_says_what_came_and_that_it_went_back(
    client: Client, sandbox: Sandbox, session: CheckoutSession, what: dict[str, Any], told: str, untold: str
) -> None:
    part = sandbox.play(session, "short", asset="USDC")
    sandbox.skip(hours=2)
    sandbox.look()
    sent_back(sandbox, part, **what)
    page = said(client, part)
    assert told in page
    assert untold not in page


def test_a_refund_that_waits_for_an_address_asks_for_it(
    client: Client, sandbox: Sandbox, session: CheckoutSession
) -> None:
    paid = sandbox.play(session, "exact", asset="USDC")
    assert "Leave an address" not in said(client, paid)
    refund = waits(paid)
    page = said(client, paid)
    assert "Leave an address that your money can go back to" in page
    wants = "Mia Coffee wants to send money back to you for Winter box, 1 kg (49.00 USD)."
    assert f"{wants} Leave an address Back to Mia Coffee" in page
    assert news(client, paid).endswith("has been told. Leave an address that your money can go back to.")
    withdraw_refund(refund, actor="mia@example.com", now=timezone.now())
    assert "Leave an address" not in said(client, paid)


def test_nor_is_the_question_without_a_way_to_answer_it_while_the_rest_is_being_confirmed(
    client: Client, sandbox: Sandbox, session: CheckoutSession
) -> None:
    part = sandbox.play(session, "short", asset="USDC")
    waits(part)
    sandbox.send_to(part.deposit.address, "49", seconds=1)
    page = said(client, part)
    assert "It is being made final." in page
    assert "Mia Coffee wants to send money back to you" in page
    assert "Should the shop send money back Leave an address" in page
