"""Every odd payment on the sandbox: state, issue, events, timeline, decision; through the code of live money."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from sessions_app.errors import NothingToDecide, OptionUnavailable, SessionNotOpen
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import decide
from sessions_app.paying.scenarios import simulate
from sessions_app.state.counting import received
from sessions_app.state.facts import facts_of
from sessions_app.status import DecisionKind
from tests.sandbox import Sandbox, events_of

NewSession = Callable[..., CheckoutSession]

# scenario, then: status, paymentStatus, issue, needsDecision, events
OUTCOMES = [
    ("exact", "completed", "paid", None, False, ["created", "processing", "completed"]),
    ("short", "open", "partial", None, False, ["created", "partially_paid"]),
    ("over", "completed", "overpaid", "overpaid", True, ["created", "processing", "completed", "issue_opened"]),
    ("late", "completed", "paid", "late", False, ["created", "expired", "processing", "completed"]),
    ("late_short", "expired", "partial", "late", True, ["created", "expired", "issue_opened"]),
    ("twice", "completed", "overpaid", "paid_twice", True, ["created", "processing", "completed", "issue_opened"]),
    ("unlisted_token", "open", "unpaid", None, False, ["created"]),
    ("dropped", "open", "unpaid", None, False, ["created", "processing", "payment.reversed"]),
    (
        "reorged",
        "completed",
        "unpaid",
        "reversed",
        True,
        ["created", "processing", "completed", "payment.reversed", "issue_opened"],
    ),
    ("stuck", "processing", "paid", None, False, ["created", "processing"]),
]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=[outcome[0] for outcome in OUTCOMES])
def test_an_odd_payment_has_an_answer(sandbox: Sandbox, session: CheckoutSession, outcome: tuple) -> None:
    scenario, status, payment_status, issue, needs_decision, events = outcome
    session = sandbox.play(session, scenario)
    assert (session.status, session.payment_status) == (status, payment_status)
    assert (session.issue, session.needs_decision) == (issue, needs_decision)
    assert events_of(session) == events


@pytest.mark.parametrize("outcome", OUTCOMES, ids=[outcome[0] for outcome in OUTCOMES])
@pytest.mark.parametrize("milliseconds", [200, 900])
def test_it_does_not_matter_when_within_a_second_the_watcher_looks(
    sandbox: Sandbox, session: CheckoutSession, outcome: tuple, milliseconds: int
) -> None:
    sandbox.skip(milliseconds=milliseconds)
    session = sandbox.play(session, outcome[0], seconds=6)
    assert (session.status, session.payment_status, session.issue, session.needs_decision) == outcome[1:5]
    assert events_of(session) == outcome[5]


def test_a_large_payment_is_undone_after_completion_too(sandbox: Sandbox, new_session: NewSession) -> None:
    session = sandbox.play(new_session(amount=Decimal(20_000)), "reorged", seconds=7)
    assert (session.status, session.issue) == ("completed", "reversed")


def test_a_refused_scenario_leaves_the_session_as_it_was(sandbox: Sandbox, session: CheckoutSession) -> None:
    with pytest.raises(OptionUnavailable, match="none is wrong"):
        simulate(session=session, scenario="wrong_asset", now=timezone.now())
    assert CheckoutSession.objects.get(pk=session.pk).quote is None


def test_another_asset_than_allowed_is_recorded_and_waits_for_a_decision(
    sandbox: Sandbox, new_session: NewSession
) -> None:
    session = sandbox.play(new_session(allowedAssets=["USDC"]), "wrong_asset")
    assert (session.status, session.issue, session.needs_decision) == ("open", "wrong_asset", True)
    payment = session.payments.get()
    assert not payment.counts
    assert payment.value is not None


def test_wrong_asset_needs_a_session_that_does_not_allow_all(sandbox: Sandbox, session: CheckoutSession) -> None:
    with pytest.raises(OptionUnavailable, match="none is wrong"):
        sandbox.play(session, "wrong_asset")


def test_the_rest_after_a_short_payment_completes(sandbox: Sandbox, session: CheckoutSession) -> None:
    session = sandbox.play(sandbox.play(session, "short"), "rest")
    assert (session.status, session.payment_status, session.issue) == ("completed", "paid", None)
    assert events_of(session) == ["created", "partially_paid", "processing", "completed"]


def test_the_rest_is_what_is_missing_whatever_it_is_paid_in_and_when(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.play(session, "late_short", asset="USDC")
    session = sandbox.play(session, "rest", asset="ETH")
    assert (session.status, session.payment_status, session.issue) == ("completed", "paid", "late")


@pytest.mark.parametrize("scenario", ["exact", "stuck"])
def test_there_is_no_rest_of_what_is_paid(sandbox: Sandbox, session: CheckoutSession, scenario: str) -> None:
    sandbox.play(session, scenario)
    with pytest.raises(OptionUnavailable, match="no rest"):
        sandbox.play(session, "rest")


def test_a_short_payment_at_expiry_is_underpaid(sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "short")
    sandbox.skip(minutes=61)
    session = sandbox.wait(1, session)
    assert (session.status, session.issue, session.needs_decision) == ("expired", "underpaid", True)
    assert events_of(session)[-2:] == ["expired", "issue_opened"]


def test_money_sent_to_a_session_that_was_never_picked_for_has_no_address(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.skip(minutes=61)
    session = sandbox.wait(1, session)
    with pytest.raises(SessionNotOpen, match="it has no address to pay to"):
        simulate(session=session, scenario="exact", now=timezone.now())


def test_an_asset_other_than_picked_counts_at_the_rate_of_arrival(sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "short", asset="USDC")
    sandbox.skip(minutes=20)
    session = sandbox.play(session, "rest", asset="ETH")
    assert session.status == "completed"
    assert [payment.basis for payment in session.payments.order_by("id")] == ["quote", "quote"]


def test_two_quotes_lock_two_rates(sandbox: Sandbox, session: CheckoutSession) -> None:
    session = sandbox.play(session, "exact", asset="ETH")
    assert session.quote is not None
    assert session.quote.provenance
    assert received(facts_of(session)) >= session.amount


@pytest.mark.parametrize(
    ("kind", "status", "payment_status"),
    [("accept", "completed", "paid"), ("refunded", "expired", "refunded"), ("write_off", "expired", "partial")],
)
def test_a_decision_settles_an_underpaid_session(
    sandbox: Sandbox, session: CheckoutSession, kind: str, status: str, payment_status: str
) -> None:
    session = sandbox.play(session, "late_short")
    tx_hash = "0x" + "1" * 64 if kind == "refunded" else ""
    decided = decide(session=session, kind=DecisionKind(kind), actor="mia@example.com", tx_hash=tx_hash)
    assert (decided.status, decided.payment_status, decided.needs_decision) == (status, payment_status, False)
    assert decided.issue == "late"
    assert events_of(decided)[-1] == "issue_resolved"
    assert decided.timeline.last().actor == "mia@example.com"


def test_asking_for_the_rest_reopens(sandbox: Sandbox, session: CheckoutSession) -> None:
    session = sandbox.play(session, "late_short")
    reopened = decide(session=session, kind=DecisionKind.ASK_REST, actor="mia@example.com")
    assert (reopened.status, reopened.issue, reopened.needs_decision) == ("open", None, False)
    assert reopened.expires_at > timezone.now() + timedelta(minutes=59)
    assert sandbox.play(reopened, "rest").status == "completed"


def test_a_decision_needs_something_to_decide(sandbox: Sandbox, session: CheckoutSession) -> None:
    session = sandbox.play(session, "exact")
    with pytest.raises(NothingToDecide, match="has nothing to decide"):
        decide(session=session, kind=DecisionKind.ACCEPT, actor="mia@example.com")


def test_a_payment_that_vanished_after_a_decision_is_news(sandbox: Sandbox, session: CheckoutSession) -> None:
    session = sandbox.play(session, "over")
    decide(session=session, kind=DecisionKind.ACCEPT, actor="mia@example.com")
    sandbox.chain_takes_back(session)
    session = sandbox.wait(2, session)
    assert (session.issue, session.needs_decision) == ("reversed", True)
