"""A decision of the dashboard takes effect after a minute; until then it can be taken back, and no shop hears of it."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from merchants_app.models import AuditEntry
from sessions_app.errors import NothingToDecide, NothingToRefund, WrongDecision
from sessions_app.models import CheckoutSession, PendingDecision
from sessions_app.paying import second_thoughts
from sessions_app.paying.decisions import case_of, decide
from sessions_app.paying.second_thoughts import decide_soon, take_back, take_effect
from sessions_app.refunding.asking import ask_for_refund
from sessions_app.status import DecisionKind, Issue, RefundKind
from tests.cast import refreshed
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, events_of

ACTOR = "mia@example.com"


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """44.10 of 49.00 USD came, too late."""
    return play_once("late_short")


@pytest.fixture
def short(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


def soon(session: CheckoutSession, kind: DecisionKind = DecisionKind.ACCEPT, **more: str) -> PendingDecision:
    session = refreshed(session)
    case = case_of(session)
    assert case
    return decide_soon(
        session=session,
        kind=kind,
        actor=ACTOR,
        issue=case.issue,
        payments=case.payments,
        now=timezone.now(),
        **more,
    )


def later(seconds: float) -> int:
    return take_effect(timezone.now() + timedelta(seconds=seconds))


def test_nobody_is_told_before_the_minute_is_over(short: CheckoutSession) -> None:
    told = len(events_of(short))
    soon(short)
    assert later(59) == 0
    assert (refreshed(short).needs_decision, len(events_of(short))) == (True, told)
    assert AuditEntry.objects.filter(subject=short.public_id, action="session.accept").count() == 0

    assert later(60) == 1
    session = refreshed(short)
    assert (session.status, session.needs_decision) == ("completed", False)
    assert len(events_of(short)) > told
    assert (session.decisions.get().actor, session.decisions.get().kind) == (ACTOR, "accept")
    assert later(120) == 0


def test_what_is_taken_back_was_never_decided(short: CheckoutSession) -> None:
    told = len(events_of(short))
    soon(short)
    take_back(short)
    assert later(120) == 0
    session = refreshed(short)
    assert (session.needs_decision, session.decisions.count(), len(events_of(short))) == (True, 0, told)
    soon(short, DecisionKind.WRITE_OFF)  # and can be decided otherwise
    assert later(61) == 1


def test_what_took_effect_is_not_taken_back(short: CheckoutSession) -> None:
    soon(short)
    later(61)
    with pytest.raises(NothingToDecide, match="cannot be taken back any more"):
        take_back(short)


def test_of_two_who_decide_the_first_counts_and_the_second_learns_what_it_was(short: CheckoutSession) -> None:
    soon(short)
    with pytest.raises(NothingToDecide, match="decided it a moment ago: accept as paid"):
        soon(short, DecisionKind.WRITE_OFF)
    later(61)
    assert refreshed(short).decisions.get().kind == "accept"


def test_money_that_comes_in_that_minute_drops_the_decision_and_says_so(
    short: CheckoutSession, sandbox: Sandbox
) -> None:
    soon(short, DecisionKind.WRITE_OFF)
    sandbox.play(short, "late_short", seconds=2)
    assert later(61) == 0
    session = refreshed(short)
    assert (session.decisions.count(), PendingDecision.objects.filter(session=short).count()) == (0, 0)
    line = AuditEntry.objects.get(action="session.decision_dropped", subject=short.public_id)
    assert (line.actor, line.detail["decision"]) == (ACTOR, "write_off")
    assert "is overpaid by now, no longer late" in line.detail["why"]


def test_a_decision_by_the_api_meanwhile_comes_first(short: CheckoutSession) -> None:
    soon(short)
    decide(session=refreshed(short), kind=DecisionKind.WRITE_OFF, actor="key")
    assert later(61) == 0
    assert refreshed(short).decisions.get().kind == "write_off"


def test_what_would_be_refused_is_refused_at_once(short: CheckoutSession) -> None:
    session = refreshed(short)
    case = case_of(session)
    assert case
    with pytest.raises(WrongDecision, match="Name the refund"):
        soon(short, DecisionKind.REFUNDED)
    with pytest.raises(NothingToDecide, match="no longer overpaid"):
        decide_soon(
            session=session, kind=DecisionKind.ACCEPT, actor=ACTOR, issue=Issue.OVERPAID, payments=case.payments,
            now=timezone.now(),
        )  # fmt: skip
    with pytest.raises(NothingToDecide, match="came or went"):
        decide_soon(
            session=session, kind=DecisionKind.ACCEPT, actor=ACTOR, issue=case.issue, payments=["pay_other"],
            now=timezone.now(),
        )  # fmt: skip
    assert not PendingDecision.objects.filter(session=short).exists()


def test_one_that_is_refused_stops_no_other(
    short: CheckoutSession, large_session: CheckoutSession, sandbox: Sandbox
) -> None:
    soon(short)
    soon(sandbox.play(large_session, "over"))
    decide(session=refreshed(short), kind=DecisionKind.WRITE_OFF, actor="key")
    assert later(61) == 1
    assert refreshed(large_session).decisions.get().kind == "accept"


def test_what_is_said_to_have_gone_back_is_not_sent_back_again_within_the_minute(
    large_session: CheckoutSession, short: CheckoutSession, sandbox: Sandbox
) -> None:
    session = sandbox.play(large_session, "over")
    soon(session, DecisionKind.REFUNDED, tx_hash="0x07")
    with pytest.raises(NothingToRefund, match=r"mia@example.com said a moment ago that it has gone back, by 0x07"):
        ask_for_refund(session=refreshed(session), amount=RefundKind.EXCESS, actor="key")
    # Of another session money may go back meanwhile, also one that is said to be something else.
    soon(short, DecisionKind.WRITE_OFF)
    others = ask_for_refund(session=refreshed(short), amount=RefundKind.FULL, actor="key")
    assert others.status == "waiting_for_address"
    take_back(session)
    assert (
        ask_for_refund(session=refreshed(session), amount=RefundKind.EXCESS, actor="key").status
        == "waiting_for_address"
    )


def test_one_that_fails_stops_no_other_and_is_tried_again(
    short: CheckoutSession, large_session: CheckoutSession, sandbox: Sandbox
) -> None:
    soon(short)
    soon(sandbox.play(large_session, "over"))

    def failing_of_the_first(**about: Any) -> None:
        if about["session"].pk == short.pk:
            raise ArithmeticError
        decide(**about)

    with patch.object(second_thoughts, "decide", failing_of_the_first):
        assert later(61) == 1
    assert refreshed(large_session).decisions.get().kind == "accept"
    assert later(119) == 0
    assert later(121) == 1
    assert refreshed(short).decisions.get().kind == "accept"
