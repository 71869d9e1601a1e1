"""What is worth less than the currency's smallest unit: anybody can send it, so nobody is asked about it."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from sessions_app.state.counting import Facts
from sessions_app.state.evaluation import Verdict, evaluate
from sessions_app.status import DecisionKind, Issue
from tests.sessions_app.state.test_evaluation import (
    ACCEPTED,
    AFTER,
    BEFORE,
    COMPLETED,
    LATER,
    decided,
    facts,
    paid,
    verdict,
)

WRITTEN_OFF_SHORT = decided(DecisionKind.WRITE_OFF, Issue.UNDERPAID)
CENTS = {"unit": Decimal("0.01")}

CASES = [
    ("dust", facts(paid("0.009"), **CENTS), BEFORE, verdict("open", "unpaid")),
    ("dust by the end", facts(paid("0.009"), **CENTS), AFTER, verdict("expired", "unpaid")),
    ("dust that comes late", facts(paid("0", at=AFTER), **CENTS), AFTER, verdict("expired", "unpaid")),
    ("a cent by the end", facts(paid("0.01"), **CENTS), AFTER, verdict("expired", "partial", "underpaid", True)),
    (
        "dust that adds up to a cent",
        facts(paid("0.005"), paid("0.005", id="pay_2"), **CENTS),
        AFTER,
        verdict("expired", "partial", "underpaid", True),
    ),
    ("dust of a wrong asset", facts(paid("0.001", counts=False), **CENTS), AFTER, verdict("expired", "unpaid")),
    (
        "dust after it was decided",
        facts(paid("40"), paid("0.001", at=AFTER, id="pay_2"), decisions=(WRITTEN_OFF_SHORT,), **CENTS),
        AFTER,
        verdict("expired", "partial", "underpaid"),
    ),
    (
        "dust beside too much is not paying twice",
        facts(paid("73.50"), paid("0.001", at=LATER, id="pay_2"), **COMPLETED, **CENTS),
        AFTER,
        verdict("completed", "overpaid", "overpaid", True),
    ),
    (
        "dust that a reorganisation takes",
        facts(paid("40"), paid("0.001", id="pay_2", vanished=True), decisions=(ACCEPTED,), **COMPLETED, **CENTS),
        AFTER,
        verdict("completed", "paid", "underpaid"),
    ),
    (
        "without a rate yet it may be anything",
        facts(paid(None), **CENTS),
        AFTER + timedelta(hours=1),
        verdict("expired", "partial", "underpaid", True),
    ),
    (
        "above the price by less than a cent, and nothing is tolerated",
        facts(paid("49.001"), tolerance=Decimal(0), **CENTS),
        BEFORE,
        verdict("completed", "paid"),
    ),
    (
        "above the price by a cent, and nothing is tolerated",
        facts(paid("49.01"), tolerance=Decimal(0), **CENTS),
        BEFORE,
        verdict("completed", "overpaid", "overpaid", True),
    ),
    (
        "all but dust went back",
        facts(paid("49"), sent_back=Decimal("48.995"), **COMPLETED, **CENTS),
        AFTER,
        verdict("completed", "refunded"),
    ),
    (
        "all but a cent went back",
        facts(paid("49"), sent_back=Decimal("48.99"), **COMPLETED, **CENTS),
        AFTER,
        verdict("completed", "partially_refunded"),
    ),
]


@pytest.mark.parametrize(("case", "known", "now", "expected"), CASES, ids=[case[0] for case in CASES])
def test_dust_is_noted_only(case: str, known: Facts, now: datetime, expected: Verdict) -> None:
    assert evaluate(known, now) == expected
