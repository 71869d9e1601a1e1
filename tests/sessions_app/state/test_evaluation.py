"""Where a session stands: the cases of docs/architecture.md, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.state.counting import DecisionFact, Facts, PaymentFact, tolerance
from sessions_app.state.evaluation import Verdict, evaluate
from sessions_app.status import DecisionKind, Ended, Issue, PaymentStatus, Status

END = datetime(2026, 1, 1, 12, tzinfo=UTC)
BEFORE, AFTER = END - timedelta(minutes=10), END + timedelta(minutes=10)
PRICE = Decimal("49.00")


def facts(*payments: PaymentFact, **changes: Any) -> Facts:
    """A session over 49.00 with a tolerance of 0.49 that ends at noon."""
    base = Facts(
        price=PRICE,
        tolerance=tolerance(PRICE, Decimal(1), Decimal(1)),
        ends_at=END,
        ended_by=None,
        completed_at=None,
        payments=payments,
    )
    return replace(base, **changes)


def paid(value: str | None, *, at: datetime = BEFORE, id: str = "pay_1", **marks: Any) -> PaymentFact:
    """A payment in time that is confirmed, or was before it vanished, unless said otherwise."""
    confirmed = marks.pop("confirmed", True)
    vanished = marks.get("vanished", False)
    return PaymentFact(
        id=id,
        value=None if value is None else Decimal(value),
        arrived_at=at,
        seen_at=marks.pop("seen_at", at),
        confirmed=confirmed and not vanished,
        **({"counts": True, "relied_on": confirmed, "times_vanished": int(vanished)} | marks),
    )


def verdict(status: str, payment_status: str, issue: str | None = None, decide: bool = False) -> Verdict:
    return Verdict(
        status=Status(status),
        payment_status=PaymentStatus(payment_status),
        issue=Issue(issue) if issue else None,
        needs_decision=decide,
    )


def decided(kind: DecisionKind, issue: Issue, seen: str = "pay_1") -> DecisionFact:
    return DecisionFact(kind=kind, issue=issue, seen=frozenset({seen}))


ACCEPTED = decided(DecisionKind.ACCEPT, Issue.UNDERPAID)
REFUNDED = decided(DecisionKind.REFUNDED, Issue.UNDERPAID)
ASKED = decided(DecisionKind.ASK_REST, Issue.UNDERPAID)
EXCESS_REFUNDED = decided(DecisionKind.REFUNDED, Issue.OVERPAID)
WRONG_REFUNDED = decided(DecisionKind.REFUNDED, Issue.WRONG_ASSET)
WRONG_ACCEPTED = decided(DecisionKind.ACCEPT, Issue.WRONG_ASSET)
WRITTEN_OFF = decided(DecisionKind.WRITE_OFF, Issue.REVERSED, seen="pay_1:vanished:1")
CANCELLED = {"ended_by": Ended.CANCELLED, "ends_at": BEFORE - timedelta(minutes=5)}
COMPLETED = {"completed_at": BEFORE + timedelta(minutes=1)}
LATER = BEFORE + timedelta(minutes=5)

CASES = [
    ("nothing came", facts(), BEFORE, verdict("open", "unpaid")),
    ("nothing came by the end", facts(), END, verdict("expired", "unpaid")),
    ("seen in full", facts(paid("49.00", confirmed=False)), BEFORE, verdict("processing", "paid")),
    ("seen in full, the end passes", facts(paid("49", confirmed=False)), AFTER, verdict("processing", "paid")),
    ("paid exactly", facts(paid("49.00")), BEFORE, verdict("completed", "paid")),
    ("paid in time, learned after the end", facts(paid("49.00")), AFTER, verdict("completed", "paid")),
    ("short", facts(paid("44.10")), BEFORE, verdict("open", "partial")),
    ("short by the tolerance", facts(paid("48.51")), BEFORE, verdict("completed", "paid")),
    ("short by a cent more", facts(paid("48.50")), BEFORE, verdict("open", "partial")),
    ("in two parts", facts(paid("40"), paid("9", id="pay_2")), BEFORE, verdict("completed", "paid")),
    ("short at expiry", facts(paid("40")), AFTER, verdict("expired", "partial", "underpaid", True)),
    ("too much", facts(paid("73.50")), BEFORE, verdict("completed", "overpaid", "overpaid", True)),
    ("too much by the tolerance", facts(paid("49.49")), BEFORE, verdict("completed", "paid")),
    ("too much, unconfirmed", facts(paid("73.50", confirmed=False)), BEFORE, verdict("processing", "paid")),
    ("late in full", facts(paid("49", at=AFTER)), AFTER, verdict("completed", "paid", "late")),
    (
        "late in full, unconfirmed",
        facts(paid("49", at=AFTER, confirmed=False)),
        AFTER,
        verdict("processing", "paid", "late"),
    ),
    ("late and short", facts(paid("44.10", at=AFTER)), AFTER, verdict("expired", "partial", "late", True)),
    (
        "the rest came late",
        facts(paid("40"), paid("9", at=AFTER, id="pay_2")),
        AFTER,
        verdict("completed", "paid", "late"),
    ),
    ("cancelled", facts(**CANCELLED), BEFORE, verdict("cancelled", "unpaid")),
    ("cancelled, paid in full", facts(paid("49"), **CANCELLED), BEFORE, verdict("completed", "paid", "late")),
    ("cancelled, paid short", facts(paid("9"), **CANCELLED), BEFORE, verdict("cancelled", "partial", "late", True)),
    (
        "paid twice",
        facts(paid("49"), paid("49", at=LATER, id="pay_2"), **COMPLETED),
        AFTER,
        verdict("completed", "overpaid", "paid_twice", True),
    ),
    (
        "paid twice, and both learned at once",
        facts(paid("49"), paid("49", at=LATER, id="pay_2")),
        AFTER,
        verdict("completed", "overpaid", "paid_twice", True),
    ),
    (
        "accepted in a wrong asset, then paid in the right one",
        facts(paid("49", counts=False), paid("49", at=LATER, id="pay_2"), decisions=(WRONG_ACCEPTED,), **COMPLETED),
        AFTER,
        verdict("completed", "overpaid", "paid_twice", True),
    ),
    (
        "accepted short, then paid in full",
        facts(paid("40"), paid("49", at=LATER, id="pay_2"), decisions=(ACCEPTED,), **COMPLETED),
        AFTER,
        verdict("completed", "overpaid", "paid_twice", True),
    ),
    (
        "paid for an order that is paid",
        facts(paid("49"), is_paid_elsewhere=True),
        BEFORE,
        verdict("completed", "paid", "paid_twice", True),
    ),
    (
        "paid late for an order that is paid",
        facts(paid("49", at=AFTER), is_paid_elsewhere=True, **COMPLETED),
        AFTER,
        verdict("completed", "paid", "paid_twice", True),
    ),
    (
        "paid for an order that is paid, and kept",
        facts(paid("49"), is_paid_elsewhere=True, decisions=(decided(DecisionKind.ACCEPT, Issue.PAID_TWICE),)),
        AFTER,
        verdict("completed", "paid", "paid_twice"),
    ),
    (
        "part of an order that is paid",
        facts(paid("40"), is_paid_elsewhere=True),
        AFTER,
        verdict("expired", "partial", "underpaid", True),
    ),
    (
        "reorged after completion, back in another block",
        facts(paid("49", confirmed=False, relied_on=True, times_vanished=1), **COMPLETED),
        BEFORE,
        verdict("completed", "paid", "reversed", True),
    ),
    (
        "reorged after completion, back and confirmed again",
        facts(paid("49", times_vanished=1), **COMPLETED),
        BEFORE,
        verdict("completed", "paid"),
    ),
    (
        "reorged, written off, and reorged again",
        facts(paid("49", vanished=True, times_vanished=2), decisions=(WRITTEN_OFF,), **COMPLETED),
        BEFORE,
        verdict("completed", "unpaid", "reversed", True),
    ),
    (
        "reorged, written off, and something comes",
        facts(paid("49", vanished=True), paid("20", id="pay_2"), decisions=(WRITTEN_OFF,), **COMPLETED),
        BEFORE,
        verdict("completed", "partial", "reversed", True),
    ),
    ("wrong asset", facts(paid("49", counts=False)), BEFORE, verdict("open", "unpaid", "wrong_asset", True)),
    ("wrong asset, unconfirmed", facts(paid("49", counts=False, confirmed=False)), BEFORE, verdict("open", "unpaid")),
    ("dropped", facts(paid("49", confirmed=False, vanished=True)), BEFORE, verdict("open", "unpaid")),
    ("dropped, then over", facts(paid("49", confirmed=False, vanished=True)), AFTER, verdict("expired", "unpaid")),
    (
        "reorged after completion",
        facts(paid("49", vanished=True), **COMPLETED),
        BEFORE,
        verdict("completed", "unpaid", "reversed", True),
    ),
    (
        "the second of two reorged",
        facts(paid("49"), paid("49", id="pay_2", vanished=True), **COMPLETED),
        BEFORE,
        verdict("completed", "paid"),
    ),
    ("without a rate yet", facts(paid(None)), BEFORE, verdict("open", "partial")),
    ("accepted", facts(paid("40"), decisions=(ACCEPTED,)), AFTER, verdict("completed", "paid", "underpaid")),
    ("asked for the rest", facts(paid("40"), decisions=(ASKED,)), BEFORE, verdict("open", "partial")),
    (
        "asked for the rest in vain",
        facts(paid("40"), decisions=(ASKED,)),
        AFTER,
        verdict("expired", "partial", "underpaid", True),
    ),
    ("refunded", facts(paid("40"), decisions=(REFUNDED,)), AFTER, verdict("expired", "unpaid", "underpaid")),
    (
        "refunded, and the rest comes",
        facts(paid("40"), paid("9", at=AFTER, id="pay_2"), decisions=(REFUNDED,)),
        AFTER,
        verdict("expired", "partial", "late", True),
    ),
    (
        "excess refunded",
        facts(paid("73.50"), decisions=(EXCESS_REFUNDED,), **COMPLETED),
        AFTER,
        verdict("completed", "overpaid", "overpaid"),
    ),
    (
        "short and refunded, then paid in full",
        facts(paid("40"), paid("49", at=AFTER, id="pay_2"), decisions=(REFUNDED,), completed_at=AFTER),
        AFTER,
        verdict("completed", "paid", "late"),
    ),
    (
        "accepted before it was confirmed, and dropped",
        facts(paid("40", confirmed=False, vanished=True), decisions=(ACCEPTED,), **COMPLETED),
        AFTER,
        verdict("completed", "unpaid", "reversed", True),
    ),
    (
        "accepted in a wrong asset, and reorged",
        facts(paid("49", counts=False, vanished=True), decisions=(ACCEPTED,), **COMPLETED),
        AFTER,
        verdict("completed", "unpaid", "reversed", True),
    ),
    (
        "the wrong asset refunded, the right one stays",
        facts(paid("49", counts=False), paid("40", id="pay_2"), decisions=(WRONG_REFUNDED,)),
        BEFORE,
        verdict("open", "partial", "wrong_asset"),
    ),
    (
        "a decision on the wrong asset settles no excess",
        facts(paid("9", counts=False), paid("73.50", id="pay_2"), decisions=(WRONG_REFUNDED,), **COMPLETED),
        AFTER,
        verdict("completed", "overpaid", "overpaid", True),
    ),
    (
        "too much by what the amount due was rounded up by",
        facts(paid("50.40", step=Decimal(1))),
        BEFORE,
        verdict("completed", "paid"),
    ),
]


@pytest.mark.parametrize(("case", "known", "now", "expected"), CASES, ids=[case[0] for case in CASES])
def test_where_a_session_stands(case: str, known: Facts, now: datetime, expected: Verdict) -> None:
    assert evaluate(known, now) == expected


payments_drawn = st.lists(
    st.builds(
        PaymentFact,
        id=st.uuids().map(str),
        value=st.none() | st.decimals(0, 100, places=2),
        counts=st.booleans(),
        arrived_at=st.sampled_from([BEFORE, END, AFTER]),
        seen_at=st.just(AFTER),
        confirmed=st.booleans(),
        relied_on=st.booleans(),
        vanished=st.booleans(),
        times_vanished=st.integers(0, 2),
    ),
    max_size=6,
)


@given(payments=payments_drawn, data=st.data())
def test_the_order_in_which_facts_were_learned_does_not_matter(
    payments: list[PaymentFact], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(payments))
    assert evaluate(facts(*payments), AFTER) == evaluate(facts(*shuffled), AFTER)


@given(payments=payments_drawn)
def test_only_money_that_covers_completes(payments: list[PaymentFact]) -> None:
    there = sum((p.value or 0 for p in payments if p.counts and p.confirmed and not p.vanished), Decimal(0))
    completed = evaluate(facts(*payments), AFTER).status == Status.COMPLETED
    assert completed == (there >= PRICE - Decimal("0.49"))


@given(payments=payments_drawn)
def test_whoever_looks_only_later_comes_to_the_same(payments: list[PaymentFact]) -> None:
    there = [replace(p, vanished=False, times_vanished=0, relied_on=p.confirmed) for p in payments]
    completed_at = None
    for seen, newest in enumerate(sorted(there, key=lambda p: p.arrived_at), start=1):
        known = facts(*sorted(there, key=lambda p: p.arrived_at)[:seen], completed_at=completed_at)
        if completed_at is None and evaluate(known, newest.arrived_at).status == Status.COMPLETED:
            completed_at = newest.arrived_at
    assert evaluate(facts(*there, completed_at=completed_at), AFTER) == evaluate(facts(*there), AFTER)
