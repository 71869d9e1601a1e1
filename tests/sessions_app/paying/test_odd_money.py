"""Odd money beyond the table of cases: rounding, refunds, decisions on one of several issues, references used again."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from chains_app.calls.readers import reader_for
from chains_app.networks.networks import network
from chains_app.sandbox.chain import send, take_back
from sessions_app.errors import ReferencePaid, ReferenceTaken
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.decisions import decide
from sessions_app.refunding.refunds import play_refund
from sessions_app.state.representation import represent
from sessions_app.status import DecisionKind
from tests.cast import refreshed
from tests.sandbox import Sandbox, events_of
from tests.sessions_app.refunding.test_refunds import prepared
from tests.strangers.world import own

NewSession = Callable[..., CheckoutSession]


@pytest.mark.parametrize(
    ("currency", "amount"), [("NGN", "10001"), ("JPY", "101"), ("INR", "777.77"), ("KWD", "0.001")]
)
def test_paying_just_what_was_asked_is_never_too_much(
    sandbox: Sandbox, new_session: NewSession, currency: str, amount: str
) -> None:
    session = sandbox.play(new_session(amount=Decimal(amount), currency=currency), "exact", asset="USDC")
    assert (session.status, session.payment_status, session.issue) == ("completed", "paid", None)


def test_what_was_refunded_does_not_count_again_once_the_session_is_paid(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    session = sandbox.play(session, "late_short")
    decide(session=session, kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash="0x" + "1" * 64)
    sandbox.play(session, "late")
    session = sandbox.play(session, "unlisted_token")
    assert (session.status, session.payment_status, session.issue) == ("completed", "paid", "late")
    assert not session.needs_decision


def test_refunding_the_wrong_asset_leaves_the_right_one(sandbox: Sandbox, new_session: NewSession) -> None:
    session = sandbox.play(new_session(allowedAssets=["USDC"]), "short")
    session = sandbox.play(session, "wrong_asset")
    session = decide(session=session, kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash="0x" + "1" * 64)
    assert (session.status, session.payment_status, session.needs_decision) == ("open", "partial", False)
    assert sandbox.play(session, "rest").status == "completed"


def test_an_accepted_wrong_asset_that_is_reorged_away_is_told(sandbox: Sandbox, new_session: NewSession) -> None:
    session = sandbox.play(new_session(allowedAssets=["USDC"]), "wrong_asset")
    session = decide(session=session, kind=DecisionKind.ACCEPT, actor="mia@example.com")
    assert session.status == "completed"
    sandbox.chain_takes_back(session)
    session = sandbox.wait(2, session)
    assert (session.payment_status, session.issue, session.needs_decision) == ("unpaid", "reversed", True)
    assert events_of(session)[-2:] == ["payment.reversed", "issue_opened"]


def test_late_money_counts_and_ends_the_new_session_of_its_reference(sandbox: Sandbox, new_session: NewSession) -> None:
    first = new_session(reference="order-1")
    sandbox.play(first, "unlisted_token")
    sandbox.skip(minutes=61)
    second = new_session(reference="order-1")
    first, second = sandbox.play(first, "late"), refreshed(second)
    assert (first.status, first.issue, second.status) == ("completed", "late", "cancelled")
    with pytest.raises(ReferencePaid):
        new_session(reference="order-1")


def test_a_session_is_not_reopened_beside_its_successor(sandbox: Sandbox, new_session: NewSession) -> None:
    first = sandbox.play(new_session(reference="order-1"), "late_short")
    new_session(reference="order-1")
    with pytest.raises(ReferenceTaken, match="Another session has the reference 'order-1' by now"):
        decide(session=first, kind=DecisionKind.ASK_REST, actor="mia@example.com")
    assert (refreshed(first).status, refreshed(first).needs_decision) == ("expired", True)


def test_a_confirmed_payment_that_comes_back_in_another_block_is_confirmed_anew(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.play(session, "short")
    payment = session.payments.get()
    assert payment.confirmed_at
    sandbox.chain_takes_back(session)
    sandbox.look()
    send(
        recipient=session.deposit.address,
        contract=network("sandbox").assets[payment.asset].contract,
        amount_units=int(payment.amount_units),
        now=timezone.now(),
        tx_hash=payment.tx_hash,
        log_index=payment.log_index,
    )
    sandbox.wait(1, session)
    payment.refresh_from_db()
    assert (payment.vanished_at, payment.confirmed_at) == (None, None)
    sandbox.wait(2, session)
    payment.refresh_from_db()
    assert payment.confirmed_at > payment.first_confirmed_at


def test_a_completed_session_asks_for_nothing_more_and_keeps_the_gap(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    decided = decide(session=sandbox.play(session, "late_short"), kind=DecisionKind.ACCEPT, actor="mia@example.com")
    due = represent(decided).payment
    assert due
    assert (due.amount_remaining, due.uri, due.shortfall) == ("0", None, Decimal("4.90"))


def test_another_amount_at_the_same_place_of_a_transaction_is_another_payment(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    """Run again after a reorganisation, a transaction that swaps first may pay less; then perhaps as much as before."""
    first = sandbox.play(session, "exact", asset="USDC").payments.get()
    for units in (40_000_000, 49_000_000):
        sandbox.chain_takes_back(session)
        reader_for(sandbox.network).head()
        send(
            recipient=session.deposit.address,
            contract=network("sandbox").assets["USDC"].contract,
            amount_units=units,
            now=timezone.now(),
            tx_hash=first.tx_hash,
            log_index=first.log_index,
        )
        sandbox.skip(seconds=1)
        sandbox.look()
        assert [int(p.amount_units) for p in session.payments.filter(vanished_at=None)] == [units]
    assert refreshed(session).payments.count() == 2
    assert sandbox.wait(2, session).payment_status == "paid"


def test_what_was_sent_back_is_neither_received_nor_counted(sandbox: Sandbox, session: CheckoutSession) -> None:
    refund = prepared(sandbox.play(session, "late_short", asset="USDC"), kind="full")
    play_refund(refund, now=timezone.now())
    told_now = represent(sandbox.wait(4, session))
    due, [payment], [sent] = told_now.payment, told_now.payments, told_now.refunds
    assert due
    assert (due.value_received, due.amount_received, payment.counts) == (0, "0", False)
    assert (sent.id, sent.status, sent.amount, sent.value) == (
        refund.public_id,
        "confirmed",
        "44.1",
        Decimal("44.10"),
    )
    assert sent.tx_hash == own(Refund).get().tx_hash


def test_a_wrong_asset_that_was_accepted_is_received_and_counted(sandbox: Sandbox, new_session: NewSession) -> None:
    session = sandbox.play(new_session(allowedAssets=["USDC"]), "wrong_asset")
    assert not represent(session).payments[0].counts
    told_now = represent(decide(session=session, kind=DecisionKind.ACCEPT, actor="mia@example.com"))
    assert told_now.payments[0].counts
    assert told_now.payment
    assert told_now.payment.value_received == told_now.payments[0].value


def test_a_confirmed_payment_in_a_wrong_asset_that_moves_to_another_block_is_decided_on_once_it_is_sure_again(
    sandbox: Sandbox, new_session: NewSession
) -> None:
    session = new_session(allowedAssets=["USDC"])
    sandbox.play(session, "short")
    first = refreshed(session).payments.get()
    sandbox.play(session, "wrong_asset")
    take_back(tx_hash=first.tx_hash, now=timezone.now())  # every block from its own on is another one
    sandbox.look()
    moved = refreshed(session)
    assert (moved.issue, moved.needs_decision) == (None, False)
    assert "has to be confirmed again" in moved.timeline.last().reason
    assert sandbox.wait(2, session).issue == "wrong_asset"
