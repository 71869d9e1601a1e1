"""A business is suspended in the middle of a payment: nothing is lost, and everything is said in a sentence."""

import pytest
from django.test import Client
from django.utils import timezone

from merchants_app.businesses.suspension import lift_suspension, suspend
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, DepositAddress
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.state.representation import represent
from sessions_app.status import RefundKind, Status
from tests.cast import PATS_WALLET, refreshed
from tests.markup import text_of
from tests.operators import Operator
from tests.sandbox import Sandbox, events_of
from tests.strangers.world import own
from webhooks_app.models import Delivery, DeliveryState, WebhookEndpoint


@pytest.fixture
def listening(mia: Merchant) -> WebhookEndpoint:
    """An endpoint that hears of everything."""
    return WebhookEndpoint.objects.create(merchant=mia, mode="test", url="https://shop.example/hook")


def picked(session: CheckoutSession) -> CheckoutSession:
    """The buyer has an address and a price."""
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return refreshed(session)


def stopped(merchant: Merchant, operator: Operator) -> None:
    """The operator suspends the business."""
    suspend(merchant=merchant, by=operator.user, reason="Complaints")


def page(client: Client, session: CheckoutSession) -> str:
    """The buyer's page, as one line."""
    answer = client.get(f"/pay/{session.page_token}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_suspended_between_quote_and_payment_it_completes_and_is_told(
    session: CheckoutSession, mia: Merchant, operator: Operator, sandbox: Sandbox, listening: WebhookEndpoint
) -> None:
    picked(session)
    stopped(mia, operator)
    session = sandbox.play(session, "exact")
    assert session.status == Status.COMPLETED
    assert events_of(session) == ["created", "processing", "completed"]
    due = Delivery.objects.filter(endpoint=listening, event__subject=session.public_id)
    assert {delivery.state for delivery in due} == {DeliveryState.PENDING}
    assert due.filter(event__type="checkout.completed").exists()


def test_suspended_between_payment_and_confirmation_it_completes(
    large_session: CheckoutSession, mia: Merchant, operator: Operator, sandbox: Sandbox
) -> None:
    picked(large_session)
    session = sandbox.play(large_session, "exact", seconds=1)
    assert session.status == Status.PROCESSING
    stopped(mia, operator)
    assert sandbox.wait(4, session).status == Status.COMPLETED


def test_late_money_is_seen_too(session: CheckoutSession, mia: Merchant, operator: Operator, sandbox: Sandbox) -> None:
    picked(session)
    stopped(mia, operator)
    session = sandbox.play(session, "late")
    assert (session.status, session.issue) == (Status.COMPLETED, "late")


def test_who_was_shown_no_address_is_offered_none(
    client: Client, session: CheckoutSession, mia: Merchant, operator: Operator
) -> None:
    stopped(mia, operator)
    text = page(client, session)
    assert "This shop takes no payments at the moment" in text
    assert "Nothing was charged" in text
    assert 'name="asset"' not in text
    answer = client.post(f"/pay/{session.page_token}/choose", {"asset": "USDC", "network": "sandbox"})
    assert answer.status_code == 409
    assert "This shop takes no payments at the moment" in answer.content.decode()
    assert not own(DepositAddress).exists()


def test_who_was_is_told_that_it_is_watched(
    client: Client, session: CheckoutSession, mia: Merchant, operator: Operator
) -> None:
    session = picked(session)
    stopped(mia, operator)
    text = text_of(page(client, session))
    assert "Have you sent it already, to the address below?" in text
    assert session.deposit.address in text
    assert "Send exactly" not in text
    assert "hello@mia.example" in text


def test_the_page_notices_while_it_is_open(
    client: Client, session: CheckoutSession, mia: Merchant, operator: Operator
) -> None:
    picked(session)
    before = client.get(f"/pay/{session.page_token}/status")
    stopped(mia, operator)
    after = client.get(f"/pay/{session.page_token}/status", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert 'data-state="paused"' in after.content.decode()
    lift_suspension(merchant=mia, by=operator.user)
    assert 'data-state="send"' in client.get(f"/pay/{session.page_token}/status").content.decode()


def test_a_part_that_arrived_is_named(
    client: Client, session: CheckoutSession, mia: Merchant, operator: Operator, sandbox: Sandbox
) -> None:
    picked(session)
    sandbox.play(session, "short")
    stopped(mia, operator)
    assert "44.10 of 49.00 USD arrived" in text_of(page(client, session))


def test_no_new_price_is_given_meanwhile(
    client: Client, session: CheckoutSession, mia: Merchant, operator: Operator, sandbox: Sandbox
) -> None:
    quote = picked(session).quote
    stopped(mia, operator)
    sandbox.skip(minutes=16)
    assert client.post(f"/pay/{session.page_token}/renew").status_code == 409
    assert refreshed(session).quote == quote


def test_the_receipt_reads_as_ever_and_the_buyer_may_leave_an_address(
    client: Client, session: CheckoutSession, mia: Merchant, operator: Operator, sandbox: Sandbox
) -> None:
    picked(session)
    stopped(mia, operator)
    session = sandbox.play(session, "over")
    assert "24.50 USD more arrived than was due" in text_of(page(client, session))
    leave_address(session, PATS_WALLET)
    assert PATS_WALLET in text_of(page(client, session))


def test_what_came_meanwhile_is_paid_back_once_the_suspension_is_lifted(
    session: CheckoutSession, mia: Merchant, operator: Operator, sandbox: Sandbox
) -> None:
    picked(session)
    stopped(mia, operator)
    session = sandbox.play(session, "over")
    leave_address(session, PATS_WALLET)
    lift_suspension(merchant=mia, by=operator.user)
    refund = prepare_refund(
        session=refreshed(session),
        wish=Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS)),
        actor="mia@example.com",
        now=timezone.now(),
    )
    assert refund.to_address == PATS_WALLET
    due = represent(refreshed(session)).payment
    assert due
    assert due.amount_received == "73.5"
