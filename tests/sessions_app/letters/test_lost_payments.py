"""What buyers are told of a payment that was final and is gone, whatever else came and was decided meanwhile."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from chains_app.sandbox.chain import take_back
from sessions_app.letters.sending import send_letters
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.receipts.issuing import sign_receipts
from sessions_app.refunding.refundable import arrived
from sessions_app.state.representation import receipt_url, represent
from sessions_app.status import DecisionKind
from tests.cast import refreshed
from tests.sandbox import Sandbox

RECEIPT = "Your receipt from Mia Coffee: 49.00 USD"
TAKEN_BACK = "Mia Coffee: the network took your payment back"
RESTORED = "Mia Coffee: your payment is there again"


@pytest.fixture
def session(new_session: Callable[..., CheckoutSession]) -> CheckoutSession:
    return new_session(email="mia@example.com", allowedAssets=["USDC"])


@pytest.fixture
def lost(sandbox: Sandbox, session: CheckoutSession) -> CheckoutSession:
    """Paid, told, signed, and taken back by the network."""
    sandbox.play(session, "exact")
    assert sent() == [RECEIPT]
    sign_receipts(timezone.now())
    sandbox.chain_takes_back(session)
    sandbox.wait(2, session)
    assert sent() == [TAKEN_BACK]
    return refreshed(session)


def sent() -> list[str]:
    """The subjects of the letters that leave now."""
    before = len(mail.outbox)
    send_letters(timezone.now())
    return [str(letter.subject) for letter in mail.outbox[before:]]


def decided(session: CheckoutSession, kind: str) -> None:
    decide(session=refreshed(session), kind=DecisionKind(kind), actor="mia", now=timezone.now())


def something_else_comes(sandbox: Sandbox, session: CheckoutSession) -> None:
    """What the session does not take, so that its issue is another one."""
    sandbox.send_to(session.deposit.address, "0.01", asset="ETH")
    assert refreshed(session).issue == "wrong_asset"


def read(session: CheckoutSession, more: str = "") -> str:
    answer = Client().get(receipt_url(session).removeprefix("http://127.0.0.1:8000") + more)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_loss_that_is_written_off_is_no_return_when_another_issue_hides_it(
    sandbox: Sandbox, lost: CheckoutSession
) -> None:
    decided(lost, "write_off")
    something_else_comes(sandbox, lost)
    assert sent() == []


def test_a_return_is_told_though_another_issue_is_shown(sandbox: Sandbox, lost: CheckoutSession) -> None:
    decided(lost, "write_off")
    something_else_comes(sandbox, lost)
    sandbox.send_to(lost.deposit.address, "49", seconds=1)
    assert sent() == []  # it is not final yet
    sandbox.wait(4, lost)
    assert sent() == [RESTORED]
    assert refreshed(lost).issue == "wrong_asset"
    decided(lost, "write_off")
    assert sent() == []


def test_money_that_is_only_seen_restores_nothing(sandbox: Sandbox, lost: CheckoutSession) -> None:
    sandbox.send_to(lost.deposit.address, "49", seconds=1)
    assert (refreshed(lost).issue, sent()) == ("reversed", [])
    sandbox.wait(4, lost)
    assert (refreshed(lost).issue, sent()) == (None, [RESTORED])


def test_the_same_loss_is_told_once_though_more_has_to_be_decided_on(sandbox: Sandbox, lost: CheckoutSession) -> None:
    decided(lost, "write_off")
    sandbox.send_to(lost.deposit.address, "20")
    assert refreshed(lost).needs_decision
    assert sent() == []


def test_what_was_written_off_before_the_receipt_left_is_told_by_none(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.play(session, "exact")
    sandbox.chain_takes_back(session)
    sandbox.wait(2, session)
    decided(session, "write_off")
    something_else_comes(sandbox, session)
    assert sent() == []
    sandbox.send_to(session.deposit.address, "9")
    assert sign_receipts(timezone.now()) == 0


@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_receipt_whose_loss_was_written_off_does_not_hold(
    sandbox: Sandbox, lost: CheckoutSession, is_hidden: bool
) -> None:
    decided(lost, "write_off")
    if is_hidden:
        something_else_comes(sandbox, lost)
    for page in (read(lost), read(lost, "/check")):
        assert "This receipt does not hold any more" in page
        assert "covers it" not in page
        assert "genuine" not in page


def test_a_receipt_that_the_seller_leaves_paid_holds_and_says_why(sandbox: Sandbox, lost: CheckoutSession) -> None:
    decided(lost, "accept")
    something_else_comes(sandbox, lost)
    assert sent() == []
    check = read(lost, "/check")
    assert "This receipt is genuine" in check
    assert 'UTC</time>. <bdi translate="no">Mia Coffee</bdi> leaves it paid.' in check
    assert "covers it" not in check


def test_a_receipt_that_was_covered_since_holds_and_says_so(sandbox: Sandbox, lost: CheckoutSession) -> None:
    sandbox.send_to(lost.deposit.address, "49", seconds=1)
    assert "does not hold any more" in read(lost)
    sandbox.wait(4, lost)
    assert "What was paid since covers it." in read(lost, "/check")


@pytest.fixture
def refunded_twice(sandbox: Sandbox, session: CheckoutSession) -> CheckoutSession:
    """Paid twice, of which the merchant says that 49.00 went back; then the network drops the first payment."""
    sandbox.play(session, "twice")
    assert sent() == [RECEIPT]
    sign_receipts(timezone.now())
    decide(session=refreshed(session), kind=DecisionKind.REFUNDED, tx_hash=f"0x{'a1' * 32}", actor="mia")
    sandbox.skip(seconds=1)
    take_back(tx_hash=session.payments.earliest("arrived_at", "id").tx_hash, now=timezone.now())
    return sandbox.wait(5, session)


def test_what_was_sent_back_of_two_payments_covers_nothing_once_one_is_lost(refunded_twice: CheckoutSession) -> None:
    assert [bool(each.vanished_at) for each in refunded_twice.payments.order_by("arrived_at", "id")] == [True, False]
    assert (refunded_twice.issue, refunded_twice.needs_decision) == ("reversed", True)
    assert sent() == [TAKEN_BACK]
    assert "does not hold any more" in read(refunded_twice, "/check")
    told = represent(refunded_twice)
    assert (told.payment_status, told.amount_refunded, told.amount_net) == ("refunded", 49, 0)
    assert arrived(refunded_twice) == []


def test_a_final_payment_that_moves_to_another_block_is_not_taken_back_with_a_lost_one(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    for amount in ("5", "49"):
        sandbox.send_to(refreshed(session).deposit.address, amount)
    assert sent() == [RECEIPT]
    take_back(tx_hash=session.payments.earliest("id").tx_hash, now=timezone.now())
    sandbox.skip(seconds=1)
    sandbox.look()
    gone, moved = session.payments.order_by("id")
    assert gone.vanished_at
    assert (moved.vanished_at, moved.confirmed_at) == (None, None)
    assert (refreshed(session).issue, sent()) == (None, [])
