"""What a decision says to have gone back counts once, whatever went back before, came later, or was told again."""

from decimal import Decimal

import pytest
from django.utils import timezone

from sessions_app.books.definitions import money_of_session
from sessions_app.models import CheckoutSession, PendingDecision, Refund
from sessions_app.paying.decisions import decide
from sessions_app.paying.refund_states import Move, move
from sessions_app.paying.second_thoughts import take_back
from sessions_app.refunding.refundable import arrived
from sessions_app.refunding.refunds import play_refund, why_held, withdraw_refund
from sessions_app.refunding.told import tell_transaction
from sessions_app.state.representation import represent
from sessions_app.status import DecisionKind, RefundStatus
from tests.cast import Api, refreshed
from tests.desk import Desk
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox
from tests.sessions_app.refunding.test_refundable import pay
from tests.sessions_app.refunding.test_refunds import prepared

OTHERWISE = "the money is said to have gone back otherwise"
HERS, AGAIN = f"0x{'ab' * 32}", f"0x{'cd' * 32}"


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """44.10 of 49.00 USD came too late, in USDC."""
    return play_once("late_short", asset="USDC")


@pytest.fixture
def late(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


def told(session: CheckoutSession, tx_hash: str = HERS) -> None:
    decide(session=refreshed(session), kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash=tx_hash)


def counted(session: CheckoutSession) -> tuple[str, str]:
    """What has gone back in all: as it is answered, and as it is booked."""
    booked = money_of_session(session).refunded
    return str(represent(refreshed(session)).amount_refunded), f"{booked:.2f}"


def test_what_went_back_by_a_refund_is_not_told_besides(sandbox: Sandbox, late: CheckoutSession) -> None:
    play_refund(prepared(late, kind="amount", amount=Decimal(20)), now=timezone.now())
    told(sandbox.wait(4, late))
    assert counted(late) == ("44.10", "44.10")


def test_what_came_after_it_was_told_is_all_that_a_second_telling_is_about(
    sandbox: Sandbox, late: CheckoutSession
) -> None:
    told(late)
    pay(late, "USDC", 5_000_000)
    told(sandbox.wait(4, late), AGAIN)
    assert counted(late) == ("49.10", "49.10")
    pay(late, "USDC", 6_000_000)
    sandbox.wait(4, late)
    assert prepared(late, kind="full").amount_units == 6_000_000


def test_a_transaction_told_in_capitals_is_the_one_that_the_chain_shows(
    sandbox: Sandbox, late: CheckoutSession
) -> None:
    refund = prepared(late, kind="full")
    play_refund(refund, now=timezone.now())
    refund.refresh_from_db()
    told(late, f"0x{refund.told_tx[2:].upper()}")
    sandbox.wait(5, late)
    assert counted(late) == ("44.10", "44.10")


def test_a_hash_is_kept_in_small_letters_however_it_is_typed(late: CheckoutSession, api: Api, desk: Desk) -> None:
    capitals = f"0x{HERS[2:].upper()}"
    [payment] = late.payments.all()
    sent = {"kind": "refunded", "tx_hash": capitals, "issue": "late", "payments": payment.public_id}
    desk.post(f"sessions/{late.public_id}/decide", **sent)
    assert PendingDecision.objects.get(session=late).tx_hash == HERS
    take_back(late)
    answer = api.post(f"checkout/{late.public_id}/resolve", {"decision": "refunded", "txHash": capitals})
    assert (answer.status_code, late.decisions.get().tx_hash) == (200, HERS)


@pytest.fixture
def all_of_it(late: CheckoutSession) -> Refund:
    """The refund of all, which the chain shows, and the merchant says that it went by another transaction."""
    refund = prepared(late, kind="full")
    to(RefundStatus.SEEN, refund)
    told(late)
    return refund


def to(status: RefundStatus, refund: Refund) -> None:
    place = {"tx_hash": AGAIN, "log_index": 0, "block_number": 1} if status == RefundStatus.SEEN else {}
    move([Move(refund=refund, to=status, reason="So it is.", changes=place)])


def test_what_is_told_of_money_that_is_on_its_way_counts_and_once_it_is_there_no_second_time(
    late: CheckoutSession, all_of_it: Refund
) -> None:
    assert counted(late) == ("44.10", "44.10")
    to(RefundStatus.CONFIRMED, all_of_it)
    assert counted(late) == ("44.10", "44.10")


@pytest.mark.parametrize("is_final", [False, True])
def test_what_the_chain_took_back_is_not_signed_again_once_its_money_is_told_to_have_gone(
    sandbox: Sandbox, late: CheckoutSession, all_of_it: Refund, *, is_final: bool
) -> None:
    if is_final:
        to(RefundStatus.CONFIRMED, all_of_it)
    to(RefundStatus.PREPARED, all_of_it)
    assert OTHERWISE in why_held(all_of_it)
    assert counted(late) == ("44.10", "44.10")
    sandbox.skip(seconds=1)
    withdraw_refund(all_of_it, actor="mia@example.com", now=timezone.now())
    assert (arrived(refreshed(late)), counted(late)) == ([], ("44.10", "44.10"))


def test_what_came_since_goes_back_whatever_was_told_before(
    sandbox: Sandbox, late: CheckoutSession, all_of_it: Refund
) -> None:
    pay(late, "USDC", 5_000_000)
    refund = prepared(sandbox.wait(4, late), kind="full")
    assert (refund.amount_units, why_held(refund)) == (5_000_000, "")


def test_a_part_that_is_beside_what_was_told_may_be_signed_again(late: CheckoutSession) -> None:
    refund = prepared(late, kind="amount", amount=Decimal(20))
    to(RefundStatus.SEEN, refund)
    told(late)
    to(RefundStatus.PREPARED, refund)
    assert (why_held(refund), counted(late)) == ("", ("24.10", "24.10"))


def test_a_part_that_is_withdrawn_afterwards_makes_what_was_told_no_more(
    sandbox: Sandbox, late: CheckoutSession
) -> None:
    part = tell_transaction(prepared(late, kind="amount", amount=Decimal(20)), AGAIN, actor="mia@example.com")
    told(late)
    sandbox.skip(seconds=1)
    withdraw_refund(part, actor="mia@example.com", now=timezone.now())
    assert counted(late) == ("24.10", "24.10")
    assert prepared(late, kind="full").amount_units == 20_000_000
    assert counted(late) == ("24.10", "24.10")
