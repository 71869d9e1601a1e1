"""Money that had been final and is gone: what covers it again, and when that is sure."""

from decimal import Decimal

import pytest

from sessions_app.state.counting import PaymentFact
from sessions_app.state.evaluation import evaluate, is_lost, is_restored, tokens_to_decide
from sessions_app.status import DecisionKind, Issue
from tests.sessions_app.state.test_evaluation import (
    ACCEPTED,
    AFTER,
    BEFORE,
    COMPLETED,
    LATER,
    WRITTEN_OFF,
    decided,
    facts,
    paid,
    verdict,
)

GONE = paid("49", vanished=True)


def again(value: str, *, confirmed: bool = False, **marks: object) -> PaymentFact:
    """A second payment, seen after the first was gone."""
    return paid(value, id="pay_2", at=LATER, confirmed=confirmed, **marks)


def test_what_is_only_seen_covers_nothing_that_is_gone() -> None:
    assert evaluate(facts(GONE, again("49"), **COMPLETED), AFTER) == verdict("completed", "paid", "reversed", True)


def test_it_covers_once_it_is_confirmed() -> None:
    covered = facts(GONE, again("49", confirmed=True), **COMPLETED)
    assert evaluate(covered, AFTER) == verdict("completed", "paid")


def test_what_waits_to_be_confirmed_is_not_decided_about_and_reopens_no_decision() -> None:
    coming = facts(GONE, again("49"), **COMPLETED)
    assert tokens_to_decide(coming, AFTER, "reversed") == {"pay_1:vanished:1"}
    written_off = facts(GONE, again("49"), decisions=(WRITTEN_OFF,), **COMPLETED)
    assert evaluate(written_off, AFTER) == verdict("completed", "paid", "reversed")


def test_what_comes_and_will_not_cover_has_to_be_decided_on_too() -> None:
    short = facts(GONE, again("20"), decisions=(WRITTEN_OFF,), **COMPLETED)
    assert evaluate(short, AFTER) == verdict("completed", "partial", "reversed", True)
    assert tokens_to_decide(short, AFTER, "reversed") == {"pay_1:vanished:1", "pay_2"}


@pytest.mark.parametrize("is_back", [False, True])
def test_less_that_was_taken_as_paid_is_covered_by_itself_or_by_the_whole_price(is_back: bool) -> None:
    accepted = {"decisions": (ACCEPTED,), "completed_at": BEFORE}
    there = paid("40", times_vanished=1, confirmed=is_back, relied_on=True)
    assert evaluate(facts(there, **accepted), AFTER).issue == (Issue.UNDERPAID if is_back else Issue.REVERSED)
    gone = paid("40", vanished=True)
    assert evaluate(facts(gone, again("40", confirmed=True), **accepted), AFTER).needs_decision
    assert evaluate(facts(gone, again("49"), **accepted), AFTER).issue == Issue.REVERSED
    assert evaluate(facts(gone, again("49", confirmed=True), **accepted), AFTER) == verdict("completed", "paid")


def test_left_paid_it_stays_decided_while_the_money_comes_again() -> None:
    left_paid = decided(DecisionKind.ACCEPT, Issue.REVERSED, seen="pay_1:vanished:1")
    known = facts(GONE, again("49"), decisions=(left_paid,), **COMPLETED)
    assert evaluate(known, AFTER) == verdict("completed", "paid", "reversed")


@pytest.mark.parametrize("times_vanished", [0, 1])
def test_what_only_moved_to_another_block_is_not_lost_beside_what_is(times_vanished: int) -> None:
    moved = paid("49", id="pay_2", confirmed=False, relied_on=True, times_vanished=times_vanished)
    both = facts(paid("5", vanished=True), moved, **COMPLETED)
    assert evaluate(both, AFTER) == verdict(
        "completed", "paid", "reversed" if times_vanished else None, bool(times_vanished)
    )


def back(value: str, before: str | None = None) -> dict[str, Decimal]:
    """So much went back; so much of it before the loss."""
    return {"sent_back": Decimal(value), "back_before_loss": Decimal(value if before is None else before)}


@pytest.mark.parametrize(
    ("left", "went", "status"),
    [
        ("49", back("49"), "refunded"),
        ("49", back("0.50"), "partially_refunded"),
        ("73.50", back("49"), "partially_refunded"),
    ],
)
def test_what_went_back_as_too_much_does_not_cover_what_is_lost(
    left: str, went: dict[str, Decimal], status: str
) -> None:
    lost = facts(GONE, again(left, confirmed=True), **went, **COMPLETED)
    assert evaluate(lost, AFTER) == verdict("completed", status, "reversed", True)
    assert (is_lost(lost), is_restored(lost)) == (True, False)
    assert tokens_to_decide(lost, AFTER, "reversed") == {"pay_1:vanished:1", "pay_2"}


@pytest.mark.parametrize(
    ("left", "went", "status"),
    [
        ("49", back("0.49"), "paid"),
        ("98", back("49"), "overpaid"),
        ("49", back("49", before="0"), "refunded"),  # the order was given up afterwards
        ("98", back("98", before="49"), "refunded"),
    ],
)
def test_what_stays_covers_and_what_went_back_after_the_loss_is_another_matter(
    left: str, went: dict[str, Decimal], status: str
) -> None:
    known = facts(GONE, again(left, confirmed=True), **went, **COMPLETED)
    assert (is_lost(known), is_restored(known), evaluate(known, AFTER).payment_status) == (False, True, status)


def test_what_went_back_as_too_little_had_paid_for_nothing() -> None:
    known = facts(
        GONE, paid("20", id="pay_0"), again("49", confirmed=True),
        decisions=(decided(DecisionKind.REFUNDED, Issue.UNDERPAID, seen="pay_0"),), **back("20"), **COMPLETED,
    )  # fmt: skip
    assert not is_lost(known)
