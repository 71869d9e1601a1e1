"""What goes back of a session that was never paid pays for nothing: the page asks for all of it again."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from chains_app.sandbox.chain import send
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.decisions import case_of, decide, early_case
from sessions_app.reading.session_story import ledger_of, story_of
from sessions_app.receipts.content import content_of
from sessions_app.refunding.refundable import excess
from sessions_app.refunding.refunds import play_refund, withdraw_refund
from sessions_app.refunding.told import tell_transaction
from sessions_app.state.facts import with_facts
from sessions_app.state.representation import received_value, represent, value_still_due
from sessions_app.status import DecisionKind, Status
from tests.cast import refreshed
from tests.sandbox import Sandbox
from tests.sessions_app.refunding.test_refunds import prepared

PRICE, PART, REST = Decimal("49.00"), Decimal("44.10"), Decimal("4.90")


def stands(session: CheckoutSession) -> tuple[str, str, str | None, bool]:
    return session.status, session.payment_status, session.issue, session.needs_decision


@pytest.fixture
def part_paid(sandbox: Sandbox, session: CheckoutSession) -> CheckoutSession:
    """44.10 of 49.00 came, and it still runs."""
    return sandbox.play(session, "short", asset="USDC")


def sent_back(
    sandbox: Sandbox, session: CheckoutSession, kind: str = "full", *, seconds: int = 4, **changes: Any
) -> CheckoutSession:
    play_refund(prepared(session, kind=kind, **changes), now=timezone.now())
    return sandbox.wait(seconds, session)


def test_the_whole_price_is_asked_for_as_soon_as_it_is_to_go_back(part_paid: CheckoutSession) -> None:
    assert value_still_due(part_paid) == REST
    refund = prepared(part_paid, kind="full")
    now = refreshed(part_paid)
    assert (value_still_due(now), early_case(now)) == (PRICE, None)
    assert withdraw_refund(refund, actor="mia@example.com", now=timezone.now())
    assert value_still_due(refreshed(part_paid)) == REST


def test_the_rest_alone_completes_nothing(sandbox: Sandbox, part_paid: CheckoutSession) -> None:
    back = sent_back(sandbox, part_paid)
    assert stands(back) == ("open", "refunded", None, False)
    sandbox.send_to(back.deposit.address, "4.90")
    after = refreshed(back)
    assert stands(after) == ("open", "partial", None, False)
    assert (value_still_due(after), represent(after).amount_net) == (PART, REST)


def test_nor_while_the_transfer_back_is_still_to_be_made(sandbox: Sandbox, part_paid: CheckoutSession) -> None:
    refund = prepared(part_paid, kind="full")
    sandbox.send_to(part_paid.deposit.address, "4.90")
    assert refreshed(part_paid).status == Status.OPEN
    assert withdraw_refund(refund, actor="mia@example.com", now=timezone.now())
    assert stands(refreshed(part_paid)) == ("completed", "paid", None, False)


def test_all_of_it_once_more_does_and_is_not_too_much(sandbox: Sandbox, part_paid: CheckoutSession) -> None:
    after = sandbox.play(sent_back(sandbox, part_paid), "rest")
    assert stands(after) == ("completed", "paid", None, False)
    told = represent(after)
    assert (received_value(after), told.amount_refunded, told.amount_net) == (PRICE, PART, PRICE)


def test_a_part_of_it_is_asked_for_again(sandbox: Sandbox, part_paid: CheckoutSession) -> None:
    back = sent_back(sandbox, part_paid, kind="amount", amount=Decimal("20.00"))
    assert value_still_due(back) == REST + 20
    sandbox.send_to(back.deposit.address, "24.90")
    assert stands(refreshed(back)) == ("completed", "paid", None, False)


def test_too_much_afterwards_is_what_is_above_the_price(sandbox: Sandbox, part_paid: CheckoutSession) -> None:
    back = sent_back(sandbox, part_paid)
    sandbox.send_to(back.deposit.address, "59.00")
    after = refreshed(back)
    assert stands(after) == ("completed", "overpaid", "overpaid", True)
    assert prepared(after).value == 10


def test_what_is_told_in_the_very_moment_in_which_it_was_paid_had_paid(
    sandbox: Sandbox, part_paid: CheckoutSession
) -> None:
    sandbox.send_to(part_paid.deposit.address, "14.90")
    over = refreshed(part_paid)
    assert stands(over) == ("completed", "overpaid", "overpaid", True)
    with time_machine.travel(over.completed_at, tick=False):
        decide(session=over, kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash="0x" + "77" * 32)
    after = refreshed(over)
    assert (stands(after), received_value(after)) == (("completed", "overpaid", "overpaid", False), PRICE + 10)
    assert (after.decisions.get().decided_at, represent(after).amount_net) == (after.completed_at, PRICE)


def test_nothing_is_to_be_decided_at_the_end_until_money_comes_again(
    sandbox: Sandbox, part_paid: CheckoutSession
) -> None:
    back = sent_back(sandbox, part_paid)
    sandbox.skip(hours=2)
    sandbox.look()
    ended = refreshed(back)
    assert stands(ended) == ("expired", "refunded", "underpaid", False)
    assert story_of(ended, ledger_of(ended)).headline == "Its time is over; 44.10 of 49.00 USD arrived"
    sandbox.send_to(ended.deposit.address, "4.90")
    after = refreshed(ended)
    assert stands(after) == ("expired", "partial", "late", True)
    case = case_of(after)
    assert case
    assert (case.value, case.lacking, case.is_enough) == (REST, PRICE - Decimal("0.49"), False)


def test_what_was_written_off_and_sent_back_later_pays_for_nothing_either(
    sandbox: Sandbox, session: CheckoutSession
) -> None:

    late = sandbox.play(session, "late_short", asset="USDC")
    decide(session=late, kind=DecisionKind.WRITE_OFF, actor="mia@example.com")
    back = sent_back(sandbox, refreshed(late))
    sandbox.send_to(back.deposit.address, "4.90")
    assert stands(refreshed(back)) == ("expired", "partial", "late", True)


def test_a_case_of_money_that_came_again_names_all_of_it(sandbox: Sandbox, part_paid: CheckoutSession) -> None:
    back = sent_back(sandbox, part_paid)
    sandbox.send_to(back.deposit.address, "49.00")
    sandbox.send_to(back.deposit.address, "49.00")
    case = case_of(refreshed(back))
    assert case
    assert (case.issue, case.value) == ("paid_twice", PRICE)
    receipt = content_of(with_facts(CheckoutSession.objects.filter(pk=back.pk), "merchant").get(), now=timezone.now())
    assert receipt["received"]["amount"] == "98.00"
    assert len(receipt["payments"]) == 3


def test_what_is_to_go_back_of_a_wrong_asset_is_not_suggested_to_be_taken_as_paid(
    sandbox: Sandbox, new_session: Callable[..., CheckoutSession]
) -> None:
    wrong = sandbox.play(new_session(allowed_assets=["USDC"]), "wrong_asset")
    case = case_of(wrong)
    assert case
    assert (case.is_enough, case.answers[0]) == (True, "accept")
    prepared(wrong, kind="full", asset=wrong.payments.get().asset)
    now = case_of(refreshed(wrong))
    assert now
    assert (now.value, now.is_enough, now.answers[0]) == (0, False, "refunded")


def by_hand(session: CheckoutSession) -> CheckoutSession:
    return decide(session=session, kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash="0x" + "77" * 32)


def test_what_goes_back_by_hand_instead_never_pays_for_the_order(sandbox: Sandbox, part_paid: CheckoutSession) -> None:
    refund = prepared(part_paid, kind="full")
    sandbox.send_to(part_paid.deposit.address, "4.90")
    sandbox.skip(hours=2)
    sandbox.look()
    after = by_hand(refreshed(part_paid))
    assert stands(after) == ("expired", "refunded", "underpaid", False)
    refund.refresh_from_db()
    assert refund.status == "withdrawn"
    told = represent(refreshed(part_paid))
    assert (told.amount_refunded, told.amount_net, told.refunds[0].status) == (PRICE, 0, "withdrawn")


def test_too_much_by_hand_counts_nothing_that_goes_back_of_before(sandbox: Sandbox, part_paid: CheckoutSession) -> None:
    refund = prepared(part_paid, kind="full")
    sandbox.send_to(part_paid.deposit.address, "59.00")
    after = by_hand(refreshed(part_paid))
    assert (after.status, represent(after).amount_refunded) == ("completed", 10)
    play_refund(refund, now=timezone.now())
    told = represent(sandbox.wait(4, part_paid))
    assert (told.amount_refunded, told.amount_net, told.needs_decision) == (PART + 10, PRICE, False)


def test_a_second_payment_in_a_wrong_asset_is_worth_what_it_is(
    sandbox: Sandbox, new_session: Callable[..., CheckoutSession]
) -> None:
    wrong = sandbox.play(new_session(allowed_assets=["USDC"]), "wrong_asset")
    asset = wrong.payments.get().asset
    sent_back(sandbox, wrong, asset=asset)
    sandbox.send_to(wrong.deposit.address, "0.02", asset=asset)
    case = case_of(refreshed(wrong))
    assert case
    assert (case.issue, case.value, len(case.payments)) == ("wrong_asset", 50, 1)


def seen_after_all(sandbox: Sandbox, session: CheckoutSession, refund: Refund) -> CheckoutSession:
    """The transaction of one that was withdrawn is mined all the same."""
    usdc = sandbox.network.assets["USDC"].contract
    units = int(refund.amount_units)
    send(recipient=refund.to_address, contract=usdc, amount_units=units, now=timezone.now(), tx_hash=refund.told_tx)
    return sandbox.wait(1, session)


def test_what_was_withdrawn_when_the_order_was_paid_takes_nothing_from_what_paid_for_it(
    sandbox: Sandbox, part_paid: CheckoutSession
) -> None:
    refund = tell_transaction(prepared(part_paid, kind="full"), "0x" + "5e" * 32, actor="mia@example.com")
    assert withdraw_refund(refund, actor="mia@example.com", now=timezone.now())
    sandbox.send_to(part_paid.deposit.address, "4.90")
    told = represent(seen_after_all(sandbox, part_paid, refund))
    assert told.refunds[0].status == "seen"
    assert (told.payment.value_received, told.payment.shortfall, told.amount_net) == (PRICE, 0, PRICE)
    told = represent(sandbox.wait(4, part_paid))
    assert told.refunds[0].status == "confirmed"
    assert (told.payment.value_received, told.payment.shortfall) == (PRICE, 0)
    assert (told.payment_status, told.amount_refunded, told.amount_net) == ("partially_refunded", PART, REST)


def test_what_stood_when_the_order_was_paid_did_not_pay_for_it_though_it_was_withdrawn_in_between(
    sandbox: Sandbox, part_paid: CheckoutSession
) -> None:
    refund = tell_transaction(prepared(part_paid, kind="full"), "0x" + "5e" * 32, actor="mia@example.com")
    sandbox.send_to(part_paid.deposit.address, "49.00")
    assert withdraw_refund(refund, actor="mia@example.com", now=timezone.now())
    assert stands(refreshed(part_paid)) == ("completed", "overpaid", "overpaid", True)
    after = seen_after_all(sandbox, part_paid, refund)
    assert (stands(after), received_value(after)) == (("completed", "paid", None, False), PRICE)


def told_and_withdrawn(session: CheckoutSession, kind: str = "full", **changes: Any) -> Refund:
    refund = tell_transaction(prepared(session, kind=kind, **changes), "0x" + "5e" * 32, actor="mia@example.com")
    assert withdraw_refund(refund, actor="mia@example.com", now=timezone.now())
    return refund


def test_what_was_withdrawn_when_the_order_was_paid_takes_from_what_is_too_much(
    sandbox: Sandbox, part_paid: CheckoutSession
) -> None:
    refund = told_and_withdrawn(part_paid)
    sandbox.send_to(part_paid.deposit.address, "49.00")
    assert stands(refreshed(part_paid)) == ("completed", "overpaid", "overpaid", True)
    after = seen_after_all(sandbox, part_paid, refund)
    assert (stands(after), excess(after)) == (("completed", "paid", None, False), 0)
    after = sandbox.wait(4, part_paid)
    assert (stands(after), represent(after).amount_net) == (("completed", "paid", None, False), PRICE)


def test_so_it_does_beside_another_that_stood(sandbox: Sandbox, part_paid: CheckoutSession) -> None:
    sent_back(sandbox, part_paid, kind="amount", amount=Decimal("5.00"))
    refund = told_and_withdrawn(part_paid, kind="amount", amount=Decimal("5.00"))
    sandbox.send_to(part_paid.deposit.address, "14.70")
    assert stands(refreshed(part_paid)) == ("completed", "overpaid", "overpaid", True)
    seen_after_all(sandbox, part_paid, refund)
    after = sandbox.wait(4, part_paid)
    assert (after.issue, after.needs_decision, excess(after)) == (None, False, 0)


def test_what_was_said_to_be_back_of_too_little_takes_nothing_from_what_is_too_much_later(
    sandbox: Sandbox, part_paid: CheckoutSession
) -> None:
    sandbox.skip(hours=2)
    sandbox.look()
    refund = tell_transaction(prepared(refreshed(part_paid), kind="full"), "0x" + "5e" * 32, actor="mia@example.com")
    told = {"kind": DecisionKind.REFUNDED, "actor": "mia@example.com", "tx_hash": refund.told_tx}
    assert stands(decide(session=refreshed(part_paid), **told))[3] is False
    sandbox.send_to(part_paid.deposit.address, "59.00")
    assert stands(refreshed(part_paid)) == ("completed", "overpaid", "overpaid", True)
    seen_after_all(sandbox, part_paid, refund)
    after = sandbox.wait(4, part_paid)
    assert (stands(after), excess(after)) == (("completed", "overpaid", "overpaid", True), 10)
