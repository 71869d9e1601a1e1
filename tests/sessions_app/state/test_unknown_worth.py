"""What came and has no rate yet: nobody is asked to decide on it, nor to send it again, while one may still turn up."""

from datetime import datetime, timedelta

import pytest

from sessions_app.state.evaluation import acceptable_early, evaluate, tokens_to_decide
from tests.sessions_app.state.test_evaluation import AFTER, BEFORE, END, facts, paid, verdict

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


def test_before_its_time_is_over_it_may_be_accepted_when_no_rate_has_turned_up() -> None:
    came = facts(paid(None, at=BEFORE), ends_at=BEFORE + 3 * HOUR)
    assert acceptable_early(came, BEFORE + HOUR - SECOND) == frozenset()
    assert acceptable_early(came, BEFORE + HOUR) == {"pay_1"}
    assert evaluate(came, BEFORE + HOUR) == verdict("open", "partial")
