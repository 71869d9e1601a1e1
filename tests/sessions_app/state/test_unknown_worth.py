"""What came and has no rate yet: nobody is asked to decide on it, nor to send it again, while one may still turn up."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sessions_app.state.counting import is_unpriced
from sessions_app.state.evaluation import acceptable_early, evaluate, is_being_priced, open_issues, tokens_to_decide
from sessions_app.status import DecisionKind, Issue
from tests.sessions_app.state.test_evaluation import AFTER, BEFORE, COMPLETED, END, LATER, decided, facts, paid, verdict

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("at", "issue"), [(BEFORE, "underpaid"), (AFTER, "late")])
def test_for_an_hour_nothing_is_to_be_decided(at: datetime, issue: str) -> None:
    came = facts(paid(None, at=at))
    assert evaluate(came, max(at, END)) == verdict("expired", "partial", issue)
    assert evaluate(came, at + HOUR - SECOND) == verdict("expired", "partial", issue)
    assert evaluate(came, at + HOUR) == verdict("expired", "partial", issue, decide=True)
    assert tokens_to_decide(came, at + HOUR, issue) == {"pay_1"}


def test_it_is_waited_for_since_it_was_seen_however_late_it_was_found() -> None:
    found = facts(paid(None, at=BEFORE, seen_at=AFTER))
    assert evaluate(found, AFTER + HOUR - SECOND) == verdict("expired", "partial", "underpaid")
    assert evaluate(found, AFTER + HOUR).needs_decision


def test_it_is_waited_for_what_makes_a_part_whole() -> None:
    both = facts(paid("40"), paid(None, id="pay_2", confirmed=False))
    assert evaluate(both, AFTER) == verdict("expired", "partial", "underpaid")
    assert evaluate(both, BEFORE + HOUR).needs_decision


def test_what_does_not_count_or_is_gone_is_not_waited_for() -> None:
    for none in (paid(None, id="pay_2", counts=False, confirmed=False), paid(None, id="pay_2", vanished=True)):
        assert evaluate(facts(paid("40"), none), AFTER) == verdict("expired", "partial", "underpaid", decide=True)


RUNS = {"ends_at": BEFORE + 9 * HOUR}


def test_before_its_time_is_over_it_is_decided_on_when_no_rate_has_turned_up() -> None:
    came = facts(paid("40"), paid(None, id="pay_2"), **RUNS)
    assert evaluate(came, BEFORE + HOUR - SECOND) == verdict("open", "partial")
    assert acceptable_early(came, BEFORE + HOUR - SECOND) == frozenset()
    assert evaluate(came, BEFORE + HOUR) == verdict("open", "partial", "underpaid", decide=True)
    assert tokens_to_decide(came, BEFORE + HOUR, "underpaid") == {"pay_2"}
    for early in (paid(None, confirmed=False), paid(None, vanished=True), paid(None, counts=False, confirmed=False)):
        assert evaluate(facts(early, **RUNS), BEFORE + HOUR).issue is None


@pytest.mark.parametrize("kind", [DecisionKind.ASK_REST, DecisionKind.WRITE_OFF, DecisionKind.REFUNDED])
def test_after_that_decision_it_goes_on_without_until_its_end(kind: DecisionKind) -> None:
    came = facts(paid("20", id="pay_2"), paid(None), **RUNS)
    assert is_unpriced(came)
    assert is_being_priced(came, BEFORE + HOUR)
    goes_on = replace(came, decisions=(decided(kind, Issue.UNDERPAID),))
    assert evaluate(goes_on, BEFORE + 2 * HOUR) == verdict("open", "partial")
    assert not is_unpriced(goes_on)
    assert not is_being_priced(goes_on, BEFORE + 2 * HOUR)
    at_its_end = evaluate(goes_on, BEFORE + 9 * HOUR)
    assert at_its_end == verdict("expired", "partial", "underpaid", decide=True)


def test_what_came_beside_the_price_is_decided_on_when_no_rate_has_turned_up() -> None:
    paid_already = facts(paid("49"), paid(None, id="pay_2", seen_at=LATER), **COMPLETED)
    assert evaluate(paid_already, LATER + HOUR - SECOND) == verdict("completed", "paid")
    assert evaluate(paid_already, LATER + HOUR) == verdict("completed", "paid", "overpaid", decide=True)
    assert tokens_to_decide(paid_already, LATER + HOUR, "overpaid") == {"pay_2"}
    for kind, is_open in ((DecisionKind.ACCEPT, False), (DecisionKind.REFUNDED, False), (DecisionKind.ASK_REST, True)):
        known = replace(paid_already, decisions=(decided(kind, Issue.OVERPAID, seen="pay_2"),))
        assert evaluate(known, LATER + HOUR).needs_decision == is_open


def test_of_too_much_and_of_what_has_no_rate_is_decided_at_once() -> None:
    both = facts(paid("70"), paid(None, id="pay_2", seen_at=LATER), **COMPLETED)
    before = replace(both, decisions=(decided(DecisionKind.ACCEPT, Issue.OVERPAID),))
    assert evaluate(before, LATER + HOUR) == verdict("completed", "overpaid", "overpaid", decide=True)
    assert tokens_to_decide(before, LATER + HOUR, "overpaid") == {"pay_1", "pay_2"}
    assert open_issues(before, LATER + HOUR) == {"overpaid": {"pay_1", "pay_2"}}


def test_what_has_no_rate_yet_is_no_second_payment_and_hides_none() -> None:
    told = facts(paid("60"), paid(None, id="pay_2", at=LATER), **COMPLETED)
    now = LATER + timedelta(minutes=1)
    assert evaluate(told, now).issue == Issue.OVERPAID
    assert tokens_to_decide(told, now, "overpaid") == {"pay_1"}
    kept = replace(told, decisions=(decided(DecisionKind.ACCEPT, Issue.OVERPAID),))
    assert evaluate(kept, now).needs_decision is False
    with_rate = replace(kept, payments=(paid("60"), paid("40", id="pay_2", at=LATER)))
    assert (evaluate(with_rate, now).issue, evaluate(with_rate, now).needs_decision) == (Issue.PAID_TWICE, True)
