"""Too much, beside money in an asset that was not asked for: each goes back for its own reason, whichever is shown."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from chains_app.sandbox.chain import take_back
from sessions_app.errors import NothingToDecide
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import decide
from sessions_app.refunding.refunds import play_refund
from sessions_app.state.representation import represent
from sessions_app.status import DecisionKind
from tests.cast import refreshed
from tests.sandbox import Sandbox
from tests.sessions_app.refunding.test_refunds import prepared

Stands = tuple[str | None, bool]


@pytest.fixture
def both(sandbox: Sandbox, new_session: Callable[..., CheckoutSession]) -> CheckoutSession:
    """73.50 of 49.00 USD came in USDC, and ten dollars in USDT, which it does not allow."""
    over = sandbox.play(new_session(allowed_assets=["USDC"]), "over")
    assert (over.issue, over.needs_decision) == ("overpaid", True)
    return over


def wrong_asset_comes(sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.send_to(session.deposit.address, "10", asset="USDT")
    assert issue_of(session) == ("wrong_asset", True)


def issue_of(session: CheckoutSession) -> Stands:
    now = refreshed(session)
    return now.issue, now.needs_decision


def goes_back(sandbox: Sandbox, session: CheckoutSession, kind: str = "excess", asset: str = "USDC") -> None:
    play_refund(prepared(refreshed(session), kind=kind, asset=asset), now=timezone.now())
    sandbox.wait(4, session)


def test_the_excess_that_went_back_is_settled_though_another_issue_was_shown(
    sandbox: Sandbox, both: CheckoutSession
) -> None:
    wrong_asset_comes(sandbox, both)
    goes_back(sandbox, both)
    assert issue_of(both) == ("wrong_asset", True)
    assert [each.issue for each in both.decisions.all()] == ["overpaid"]
    goes_back(sandbox, both, "full", "USDT")
    assert issue_of(both) == ("wrong_asset", False)
    assert {each.issue for each in both.decisions.all()} == {"overpaid", "wrong_asset"}
    assert represent(refreshed(both)).amount_net == 49


def test_so_is_what_was_prepared_before_the_other_came(sandbox: Sandbox, both: CheckoutSession) -> None:
    refund = prepared(both)
    wrong_asset_comes(sandbox, both)
    play_refund(refund, now=timezone.now())
    sandbox.wait(4, both)
    decide(session=refreshed(both), kind=DecisionKind.WRITE_OFF, actor="mia@example.com")
    assert issue_of(both)[1] is False


def test_what_is_asked_for_later_goes_on_waiting(sandbox: Sandbox, both: CheckoutSession) -> None:
    wrong_asset_comes(sandbox, both)
    goes_back(sandbox, both, "full", "USDT")
    assert issue_of(both) == ("overpaid", True)


@pytest.mark.parametrize("is_first_sent_first", [True, False])
def test_parts_of_too_much_settle_the_whole_in_whichever_order_they_are_final(
    sandbox: Sandbox, both: CheckoutSession, *, is_first_sent_first: bool
) -> None:
    """Each was prepared for what was odd then: too much, and then as much again."""
    first = prepared(both)
    sandbox.send_to(both.deposit.address, "10")
    assert issue_of(both) == ("paid_twice", True)
    second = prepared(refreshed(both))
    for refund in (first, second) if is_first_sent_first else (second, first):
        play_refund(refund, now=timezone.now())
        sandbox.wait(4, both)
    assert issue_of(both) == ("paid_twice", False)


@pytest.mark.parametrize("lost", [0, 1])
def test_parts_that_settled_it_together_open_it_again_when_one_is_gone(
    sandbox: Sandbox, session: CheckoutSession, lost: int
) -> None:
    late = sandbox.play(session, "late_short", asset="USDC")
    parts = [prepared(late, kind="amount", amount=Decimal("22.05")) for _ in range(2)]
    for part in parts:
        play_refund(part, now=timezone.now())
        sandbox.wait(4, late)
        part.refresh_from_db()
    assert issue_of(late) == ("late", False)
    assert late.decisions.get().tx_hash == parts[1].tx_hash
    take_back(tx_hash=parts[lost].tx_hash, now=timezone.now())
    sandbox.wait(4, late)
    assert (issue_of(late), represent(refreshed(late)).amount_refunded) == (("late", True), Decimal("22.05"))
    parts[lost].refresh_from_db()
    play_refund(parts[lost], now=timezone.now())
    sandbox.wait(4, late)
    parts[lost].refresh_from_db()
    assert (issue_of(late), late.decisions.get().tx_hash) == (("late", False), parts[lost].tx_hash)


def test_dust_that_comes_while_it_goes_back_keeps_nothing_open(sandbox: Sandbox, session: CheckoutSession) -> None:
    late = sandbox.play(session, "late_short", asset="USDC")
    refund = prepared(late, kind="full")
    sandbox.send_to(late.deposit.address, "0.004")
    assert late.payments.count() == 2
    play_refund(refund, now=timezone.now())
    sandbox.wait(4, late)
    assert issue_of(late) == ("late", False)


@pytest.mark.parametrize("shown", [["pay_unknown"], []])
def test_who_was_shown_other_payments_decides_nothing(
    sandbox: Sandbox, session: CheckoutSession, shown: list[str]
) -> None:
    late = sandbox.play(session, "late_short", asset="USDC")
    if shown:
        shown = [*shown, late.payments.get().public_id]
    with pytest.raises(NothingToDecide, match="since you were shown"):
        decide(session=late, kind=DecisionKind.WRITE_OFF, actor="mia@example.com", payments=shown)
    assert issue_of(late) == ("late", True)


def test_by_hand_only_what_is_shown_is_answered(sandbox: Sandbox, both: CheckoutSession) -> None:
    wrong_asset_comes(sandbox, both)
    refund = prepared(refreshed(both))
    decide(session=refreshed(both), kind=DecisionKind.WRITE_OFF, actor="mia@example.com")
    tx_hash = "0x" + "77" * 32
    decide(session=refreshed(both), kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash=tx_hash)
    refund.refresh_from_db()
    told = represent(refreshed(both))
    assert (refund.status, told.amount_refunded, told.amount_net) == ("withdrawn", 24.5, 49)
