"""What is said to have gone back otherwise is not to go again: what was not sent is withdrawn, and held meanwhile."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.sandbox.chain import send
from sessions_app.models import CheckoutSession, Decision, Refund
from sessions_app.paying.decisions import case_of
from sessions_app.paying.second_thoughts import decide_soon, take_back, take_effect
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.asking import ask_for_refund
from sessions_app.refunding.refunds import play_refund, prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.status import DecisionKind, RefundKind
from tests.cast import PATS_WALLET, Api, refreshed
from tests.desk import Desk
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, events_of
from tests.sessions_app.refunding.test_refundable import pay
from tests.sessions_app.refunding.test_refunds import prepared
from tests.sessions_app.refunding.test_told_by_hand import HERS, counted, told


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """44.10 of 49.00 USD came too late, in USDC."""
    return play_once("late_short", asset="USDC")


@pytest.fixture
def late(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


@pytest.fixture
def waiting(late: CheckoutSession) -> Refund:
    """All of it is to go back, and the buyer has not said where to."""
    return ask_for_refund(session=late, amount=RefundKind.FULL, actor="key")


def tell_soon(session: CheckoutSession, tx_hash: str = HERS) -> None:
    """In the dashboard: it can be taken back for a minute."""
    case, now = case_of(refreshed(session)), timezone.now()
    assert case
    about = {"issue": case.issue, "payments": case.payments}
    decide_soon(session=session, kind=DecisionKind.REFUNDED, actor="mia@example.com", now=now, tx_hash=tx_hash, **about)


def status_of(refund: Refund) -> str:
    return Refund.objects.get(pk=refund.pk).status


def test_what_was_not_sent_is_withdrawn(late: CheckoutSession) -> None:
    parts = [prepared(late, kind="amount", amount=Decimal(amount)) for amount in (20, 5)]
    told(late)
    assert [status_of(each) for each in parts] == ["withdrawn"] * 2
    assert events_of(late)[-3:] == ["issue_resolved", "refund.withdrawn", "refund.withdrawn"]
    assert counted(late) == ("44.10", "44.10")


def test_a_buyer_who_names_an_address_afterwards_is_not_paid_again(late: CheckoutSession, waiting: Refund) -> None:
    told(late)
    leave_address(refreshed(late), PATS_WALLET)
    assert status_of(waiting) == "withdrawn"
    assert "refund.prepared" not in events_of(late)


def test_what_was_sent_all_the_same_counts_as_what_it_is(sandbox: Sandbox, late: CheckoutSession) -> None:
    refund = prepared(late, kind="full")
    play_refund(refund, now=timezone.now())
    told(late)
    sandbox.wait(5, late)
    assert (status_of(refund), counted(late)) == ("confirmed", ("88.20", "88.20"))


def test_the_transaction_that_is_told_may_be_the_refund_itself(sandbox: Sandbox, late: CheckoutSession) -> None:
    refund = prepared(late, kind="full")
    usdc = network("sandbox").assets["USDC"].contract
    sent = send(recipient=PATS_WALLET, contract=usdc, amount_units=44_100_000, now=timezone.now())
    told(late, sent.tx_hash)
    sandbox.wait(5, late)
    assert (status_of(refund), counted(late)) == ("confirmed", ("44.10", "44.10"))


def test_a_refund_that_is_final_leaves_what_else_is_to_go(sandbox: Sandbox, late: CheckoutSession) -> None:
    first, second = (prepared(late, kind="amount", amount=Decimal(amount)) for amount in (20, 5))
    play_refund(first, now=timezone.now())
    told(sandbox.wait(4, late), Refund.objects.get(pk=first.pk).tx_hash)
    assert (status_of(second), counted(late)) == ("prepared", ("20.00", "20.00"))


def test_nothing_is_signed_while_that_can_be_taken_back(late: CheckoutSession, api: Api, desk: Desk) -> None:
    refund = prepared(late, kind="full")
    page = f"sessions/{late.public_id}/refund/{refund.public_id}"
    assert "0xa9059cbb" in desk.read(page)
    tell_soon(late)
    assert api.get(f"refunds/{refund.public_id}").answer["call"] is None
    assert "0xa9059cbb" not in desk.read(page)
    assert "said a moment ago that the money has gone back" in desk.read(page)
    assert api.post(f"refunds/{refund.public_id}/simulate").answer["errors"][0]["code"] == "refund_not_open"
    take_back(late)
    assert api.get(f"refunds/{refund.public_id}").answer["call"]
    told(late)
    assert "0xa9059cbb" not in desk.read(page)


@pytest.mark.parametrize(("is_dropped", "becomes"), [(True, "prepared"), (False, "withdrawn")])
def test_an_address_that_is_named_meanwhile_waits_for_what_becomes_of_that(
    late: CheckoutSession, waiting: Refund, is_dropped: bool, becomes: str
) -> None:
    tell_soon(late)
    leave_address(refreshed(late), PATS_WALLET)
    assert status_of(waiting) == "waiting_for_address"
    if is_dropped:
        Decision.objects.create(
            session=late, kind="write_off", issue="late", seen=[late.payments.get().public_id],
            actor="otto", decided_at=timezone.now(),
        )  # fmt: skip
        CheckoutSession.objects.filter(pk=late.pk).update(needs_decision=False)
    take_effect(timezone.now() + timedelta(minutes=2))
    assert status_of(waiting) == becomes


def test_what_the_decision_leaves_goes_to_an_address_that_was_named_meanwhile(
    sandbox: Sandbox, late: CheckoutSession
) -> None:
    twenty, five = (
        Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.AMOUNT, Decimal(each)), may_wait=True)
        for each in (20, 5)
    )
    sent = prepare_refund(session=late, wish=replace(twenty, named=PATS_WALLET), actor="key")
    play_refund(sent, now=timezone.now())
    rest = prepare_refund(session=sandbox.wait(4, late), wish=five, actor="key")
    tell_soon(late, Refund.objects.get(pk=sent.pk).tx_hash)
    leave_address(refreshed(late), PATS_WALLET)
    assert status_of(rest) == "waiting_for_address"
    take_effect(timezone.now() + timedelta(minutes=2))
    assert (status_of(rest), refreshed(late).needs_decision) == ("prepared", False)


def test_what_is_prepared_of_a_payment_that_vanished_waits_until_it_is_back(late: CheckoutSession, api: Api) -> None:
    refund, gone_at = prepared(late, kind="full"), timezone.now()
    for vanished_at, is_to_be_signed in ((gone_at, False), (None, True)):
        late.payments.update(vanished_at=vanished_at)
        assert bool(api.get(f"refunds/{refund.public_id}").answer["call"]) == is_to_be_signed


def test_an_address_that_is_left_while_the_payment_is_gone_counts_once_it_is_back(
    late: CheckoutSession, waiting: Refund, api: Api
) -> None:
    late.payments.update(vanished_at=timezone.now())
    leave_address(refreshed(late), PATS_WALLET)
    assert (status_of(waiting), api.get(f"refunds/{waiting.public_id}").answer["call"]) == ("prepared", None)
    late.payments.update(vanished_at=None)
    assert api.get(f"refunds/{waiting.public_id}").answer["call"]


def test_what_came_too_much_is_told_beside_what_else_is_to_go_back(sandbox: Sandbox, session: CheckoutSession) -> None:
    """10 of 49 are to go back for a broken cup; then 49 come again, and go back by hand."""
    paid = sandbox.play(session, "exact", asset="USDC")
    cup = ask_for_refund(session=paid, amount=Decimal(10), actor="key")
    pay(paid, "USDC", 49_000_000)
    told(sandbox.wait(4, paid))
    assert (status_of(cup), counted(paid)) == ("waiting_for_address", ("49.00", "49.00"))
    leave_address(refreshed(paid), PATS_WALLET)
    play_refund(Refund.objects.get(pk=cup.pk), now=timezone.now())
    sandbox.wait(4, paid)
    assert (status_of(cup), counted(paid)) == ("confirmed", ("59.00", "59.00"))
