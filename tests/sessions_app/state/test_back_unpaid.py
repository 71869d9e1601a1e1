"""What goes back before a session is paid, fact by fact: what it is taken from, and what it takes nothing from."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sessions_app.state.counting import received
from sessions_app.state.evaluation import Verdict, evaluate
from sessions_app.state.facts import facts_of
from sessions_app.state.representation import value_still_due
from sessions_app.state.session_view import DecisionView, PaymentView, RefundView, SessionView
from tests.sessions_app.state.test_evaluation import verdict
from tests.sessions_app.state.test_told_back import record

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
END = NOON + timedelta(hours=1)
PRICE = Decimal("49.00")


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def paid(number: int, value: str | None, minute: int, *, gone: int | None = None, asset: str = "USDC") -> PaymentView:
    """Final a moment later; `gone`: until the network took it back in that minute."""
    worth = None if value is None else Decimal(value)
    when = {
        "arrived_at": at(minute),
        "seen_at": at(minute),
        "confirmed_at": at(minute),
        "first_confirmed_at": at(minute),
    }
    lost = {"vanished_at": None if gone is None else at(gone), "times_vanished": int(gone is not None)}
    units = {"amount_units": worth or Decimal(1), "value": worth, "counts": True}
    made: PaymentView = record(
        PaymentView, public_id=f"pay_{number}", network="sandbox", asset=asset, **units, **when, **lost
    )
    return made


def back(number: int, value: str, minute: int, status: str = "confirmed", issue: str = "") -> RefundView:
    told = {"tx_hash": f"0x{number}" if status == "confirmed" else "", "told_tx": "", "issue": issue}
    worth = {"amount_units": Decimal(value), "value": Decimal(value), "created_at": at(minute)}
    made: RefundView = record(
        RefundView, public_id=f"ref_{number}", network="sandbox", asset="USDC", status=status, **worth, **told
    )
    return made


def refunded(minute: int, *seen: str) -> DecisionView:
    made: DecisionView = record(
        DecisionView, kind="refunded", issue="late", seen=list(seen), tx_hash="0x2", decided_at=at(minute)
    )
    return made


def session(*rows: Any, completed: int | None = None) -> SessionView:
    kinds = {"payments": PaymentView, "refunds": RefundView, "decisions": DecisionView}
    lists = {name: [row for row in rows if isinstance(row, kind)] for name, kind in kinds.items()}
    limits = {"tolerance_percent": Decimal(1), "tolerance_amount": Decimal(1)}
    done = {"completed_at": None if completed is None else at(completed), "status": "open"}
    made: SessionView = record(SessionView, amount=PRICE, currency="USD", expires_at=END, **limits, **lists, **done)
    return made


def stands(of: SessionView, minute: int) -> Verdict:
    return evaluate(facts_of(of), at(minute))


def test_money_without_a_rate_is_decided_on_whatever_went_back_before() -> None:
    of = session(paid(1, "20", 1), back(1, "20", 2), paid(2, None, 50))
    assert stands(of, 170) == verdict("expired", "refunded", "underpaid", True)


def test_a_refund_of_money_that_was_decided_on_settles_no_other() -> None:
    of = session(
        paid(1, "20", 1), back(1, "20", 2), paid(2, "20", 70), back(2, "20", 80, issue="late"),
        refunded(81, "pay_1", "pay_2"), paid(3, "20", 90),
    )  # fmt: skip
    assert stands(of, 100) == verdict("expired", "partial", "late", True)


def test_all_back_in_two_ways_leaves_nothing_to_decide() -> None:
    of = session(paid(1, "44.10", 1), back(1, "20", 70, issue="underpaid"), back(2, "24.10", 80))
    assert stands(of, 100) == verdict("expired", "refunded", "underpaid", False)


def test_nobody_is_asked_for_more_than_the_price_when_what_was_to_go_back_is_gone() -> None:
    lost, refund = paid(1, "44.10", 1, gone=10), back(1, "44.10", 5, status="prepared")
    assert value_still_due(session(lost, refund)) == PRICE
    assert stands(session(lost, refund, paid(2, "49", 20)), 21) == verdict("completed", "paid")
    after = session(paid(1, "44.10", 1, gone=30), refund, paid(2, "49", 20), completed=20)
    assert stands(after, 31) == verdict("completed", "paid")
    assert received(facts_of(after)) == PRICE


def test_where_it_had_gone_already_the_business_is_asked() -> None:
    of = session(paid(1, "44.10", 1, gone=10), back(1, "44.10", 5), paid(2, "49", 20))
    found = stands(of, 21)
    assert (found.status, found.issue, found.needs_decision) == ("completed", "reversed", True)


def test_a_withdrawn_refund_that_is_seen_after_all_takes_nothing_back_before_it_is_final() -> None:
    rows = [paid(1, "44.10", 1), paid(2, "4.90", 20)]
    assert stands(session(*rows, back(1, "44.10", 5, status="seen"), completed=20), 30) == verdict("completed", "paid")
    final = stands(session(*rows, back(1, "44.10", 5), completed=20), 30)
    assert (final.status, final.payment_status) == ("completed", "partially_refunded")


def test_a_refund_of_another_coin_brings_none_of_lost_money_back() -> None:
    lost, held = paid(1, "44.10", 1, gone=10), back(1, "44.10", 5, status="prepared")
    other = back(2, "1", 30, status="prepared")._replace(asset="ETH")
    of = session(lost, held, paid(2, "20", 20, asset="ETH"), other)
    assert (received(facts_of(of)), value_still_due(of)) == (19, 30)


def test_late_money_is_decided_on_though_what_had_gone_back_was_lost() -> None:
    of = session(paid(1, "44.10", 1, gone=30), back(1, "44.10", 5), paid(2, "20", 70))
    assert stands(of, 80).needs_decision
