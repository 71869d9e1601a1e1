"""Limits of those cases, and what a decision is about: to the second, to the cent, by the payments' own names."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from sessions_app.state.counting import PaymentFact, received
from sessions_app.state.evaluation import Verdict, evaluate, tokens_to_decide
from sessions_app.status import DecisionKind, Issue, PaymentStatus, Status
from tests.sessions_app.state.test_evaluation import (
    ACCEPTED,
    AFTER,
    BEFORE,
    COMPLETED,
    END,
    LATER,
    decided,
    facts,
    paid,
    verdict,
)

SECOND = timedelta(seconds=1)


def test_paid_again_after_less_by_the_tolerance_is_paid_twice() -> None:
    twice = facts(paid("48.51"), paid("49.00", id="pay_2", at=LATER))
    assert evaluate(twice, AFTER) == verdict("completed", "overpaid", "paid_twice", decide=True)
    assert tokens_to_decide(twice, AFTER, "paid_twice") == {"pay_2"}
    assert tokens_to_decide(twice, AFTER, "overpaid") == frozenset()


@pytest.mark.parametrize("at", [BEFORE, END])
def test_small_money_that_comes_late_makes_nothing_late_that_was_paid_in_time(at: datetime) -> None:
    both = facts(paid("49.00", at=at), paid("0.10", id="pay_2", at=END + SECOND), **COMPLETED)
    assert evaluate(both, AFTER) == verdict("completed", "paid")


@pytest.mark.parametrize(("at", "issue"), [(END, "underpaid"), (END + SECOND, "late")])
def test_what_was_taken_as_paid_is_called_by_when_it_came(at: datetime, issue: str) -> None:
    taken = facts(paid("40.00", at=at), decisions=(ACCEPTED,), completed_at=AFTER)
    assert evaluate(taken, AFTER) == verdict("completed", "paid", issue)


def test_what_is_short_after_completion_is_no_shortfall_when_nobody_took_it_as_paid() -> None:
    assert evaluate(facts(paid("40.00"), **COMPLETED), AFTER) == verdict("completed", "partial")


def test_money_that_nobody_relied_on_may_vanish_after_less_was_taken_as_paid() -> None:
    more = paid("5.00", id="pay_2", at=LATER, vanished=True, relied_on=False)
    taken = facts(paid("40.00"), more, decisions=(ACCEPTED,), completed_at=LATER)
    assert evaluate(taken, AFTER) == verdict("completed", "paid", "underpaid")


def test_what_has_to_be_confirmed_anew_in_another_block_is_not_lost() -> None:
    moved = facts(paid("49.00", confirmed=False, relied_on=True), **COMPLETED)
    assert evaluate(moved, AFTER) == verdict("completed", "paid")


@pytest.mark.parametrize(("issue", "at"), [(Issue.LATE, AFTER), (Issue.UNDERPAID, BEFORE)])
def test_what_was_sent_back_because_it_was_too_little_pays_for_nothing(issue: Issue, at: datetime) -> None:
    back = facts(paid("40.00", at=at), decisions=(decided(DecisionKind.REFUNDED, issue),))
    assert evaluate(back, AFTER + SECOND) == verdict("expired", "unpaid", str(issue))
    assert received(back) == 0


def test_a_decision_is_about_the_payments_of_its_issue_and_no_others() -> None:
    odd = facts(paid("10.00"), paid("7.00", id="pay_2", at=AFTER), paid("49.00", id="pay_3", counts=False))
    assert tokens_to_decide(odd, AFTER, "late") == {"pay_1", "pay_2"}
    assert tokens_to_decide(odd, AFTER, "wrong_asset") == {"pay_3"}
    assert tokens_to_decide(odd, AFTER, "reversed") == frozenset()
    assert tokens_to_decide(odd, BEFORE, "late") == frozenset()  # it is still open
    assert received(odd) == Decimal("17.00")


@pytest.mark.parametrize(
    ("left", "kind", "named", "is_open"),
    [
        ((), DecisionKind.REFUNDED, {"pay_1"}, False),
        ((paid("20", id="pay_2", counts=False),), DecisionKind.REFUNDED, {"pay_2"}, True),
        ((paid(None, id="pay_2", counts=False),), DecisionKind.REFUNDED, {"pay_2"}, True),
        ((paid("0.009", id="pay_2", counts=False),), DecisionKind.REFUNDED, {"pay_1", "pay_2"}, False),
        ((paid("20", id="pay_2", counts=False, confirmed=False),), DecisionKind.REFUNDED, {"pay_1"}, False),
        ((paid("20", id="pay_2", counts=False),), DecisionKind.WRITE_OFF, {"pay_1", "pay_2"}, True),
    ],
    ids=["nothing", "money", "no rate", "dust", "not final", "written off, so still there"],
)
def test_a_decision_on_a_wrong_asset_is_about_what_has_not_gone_back(
    left: tuple[PaymentFact, ...], kind: DecisionKind, named: set[str], is_open: bool
) -> None:
    settled = decided(kind, Issue.WRONG_ASSET)
    came = facts(paid("30", counts=False), *left, decisions=(settled,), unit=Decimal("0.01"))
    assert evaluate(came, BEFORE) == verdict("open", "unpaid", "wrong_asset", decide=is_open)
    assert tokens_to_decide(came, BEFORE, "wrong_asset") == named


def test_a_payment_is_called_otherwise_each_time_that_it_is_gone() -> None:
    there, gone = paid("49.00"), paid("49.00", vanished=True, times_vanished=2)
    assert (there.token, there.lost_token, there.is_lost) == ("pay_1", "pay_1:vanished:0", False)
    assert (gone.token, gone.lost_token, gone.is_lost) == ("pay_1:vanished:2", "pay_1:vanished:2", True)
    lost = facts(gone, **COMPLETED)
    assert tokens_to_decide(lost, AFTER, "reversed") == {"pay_1:vanished:2"}


def test_a_transfer_of_which_nothing_else_is_known_is_neither_sure_nor_lost() -> None:
    seen = PaymentFact(id="pay_1", value=Decimal(49), counts=True, arrived_at=BEFORE, seen_at=BEFORE)
    assert (seen.confirmed, seen.relied_on, seen.vanished, seen.times_vanished) == (False, False, False, 0)
    assert evaluate(facts(seen), BEFORE) == Verdict(status=Status.PROCESSING, payment_status=PaymentStatus.PAID)
    assert not Verdict(status=Status.OPEN, payment_status=PaymentStatus.UNPAID).needs_decision
