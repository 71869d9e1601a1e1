"""Edges of those cases: money in the very second of the end, and small money after a shortfall was accepted."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from sessions_app.state.counting import Facts, tolerance
from sessions_app.state.evaluation import Verdict, evaluate
from sessions_app.status import Ended
from tests.sessions_app.state.test_evaluation import ACCEPTED, AFTER, BEFORE, COMPLETED, END, facts, paid, verdict

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("at", "issue"), [(END - SECOND, None), (END, None), (END + SECOND, "late")])
def test_money_in_the_very_second_of_the_end_is_in_time(at: datetime, issue: str | None) -> None:
    assert evaluate(facts(paid("49.00", at=at)), AFTER) == verdict("completed", "paid", issue)
    assert evaluate(facts(paid("49.00", at=at, confirmed=False)), AFTER) == verdict("processing", "paid", issue)


@pytest.mark.parametrize(("at", "issue"), [(END, "underpaid"), (END + SECOND, "late")])
def test_a_shortfall_in_the_very_second_of_the_end_is_no_late_one(at: datetime, issue: str | None) -> None:
    assert evaluate(facts(paid("10.00", at=at)), AFTER) == verdict("expired", "partial", issue, decide=True)


def test_the_rest_that_comes_late_is_late_though_the_first_part_was_in_time() -> None:
    both = facts(paid("30.00", at=END), paid("19.00", id="pay_2", at=END + SECOND))
    assert evaluate(both, AFTER) == verdict("completed", "paid", "late")


def test_small_money_after_a_shortfall_was_accepted_opens_no_decision() -> None:
    accepted = facts(paid("40.00", at=BEFORE), decisions=(ACCEPTED,), completed_at=AFTER)
    more = facts(
        paid("40.00", at=BEFORE), paid("1.00", id="pay_2", at=AFTER + SECOND), decisions=(ACCEPTED,), completed_at=AFTER
    )
    assert evaluate(accepted, AFTER) == verdict("completed", "paid", "underpaid")
    assert evaluate(more, AFTER + 2 * SECOND) == verdict("completed", "paid", "late")


@pytest.mark.parametrize(("now", "status"), [(END - SECOND, "open"), (END, "expired"), (END + SECOND, "expired")])
def test_a_session_is_over_in_the_very_second_of_its_end(now: datetime, status: str) -> None:
    assert evaluate(facts(), now) == verdict(status, "unpaid")


def test_what_ended_it_first_is_what_it_says() -> None:
    assert evaluate(facts(ended_by=Ended.CANCELLED, ends_at=END), AFTER) == verdict("cancelled", "unpaid")


@pytest.mark.parametrize(
    ("price", "percent", "amount", "allowed"),
    [
        ("49.00", "2", "0.50", "0.50"),  # the amount is the smaller
        ("10.00", "2", "0.50", "0.20"),  # the share is
        ("25.00", "2", "0.50", "0.50"),  # both are the same
        ("1000", "0", "5", "0"),
        ("1000", "3", "0", "0"),
    ],
)
def test_the_tolerance_is_the_smaller_of_share_and_amount(price: str, percent: str, amount: str, allowed: str) -> None:
    assert tolerance(Decimal(price), Decimal(percent), Decimal(amount)) == Decimal(allowed)


WRONG = paid("49", id="pay_2", counts=False)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (facts(paid("40"), WRONG), verdict("expired", "partial", "wrong_asset", decide=True)),
        (facts(paid("40", at=AFTER), WRONG), verdict("expired", "partial", "wrong_asset", decide=True)),
        (facts(paid("73.50"), WRONG, **COMPLETED), verdict("completed", "overpaid", "wrong_asset", decide=True)),
    ],
)
def test_of_several_issues_money_in_a_wrong_asset_is_asked_about_first(known: Facts, expected: Verdict) -> None:
    assert evaluate(known, AFTER) == expected


@pytest.mark.parametrize(("second", "payment_status"), [("29.50", "paid"), ("30.49", "paid"), ("30.50", "overpaid")])
def test_who_pays_just_as_asked_in_two_assets_is_rounded_up_by_the_coarser_one(
    second: str, payment_status: str
) -> None:
    """20.00 by a step of a cent, the rest by a step of 1.00; 0.49 more are tolerated."""
    both = facts(paid("20", step=Decimal("0.01")), paid(second, id="pay_2", step=Decimal(1)))
    assert evaluate(both, BEFORE).payment_status == payment_status
