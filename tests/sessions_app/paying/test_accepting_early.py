"""A part arrived, the session still runs: a merchant may take it as paid now, if it is final and what they saw."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from merchants_app.models import AuditEntry
from sessions_app.errors import NothingToDecide
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import decide, early_case
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.second_thoughts import CAN_BE_TAKEN_BACK, take_effect
from sessions_app.status import DecisionKind, Issue, PaymentStatus, Status
from tests.cast import Api, refreshed
from tests.desk import Desk
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, events_of


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """44.10 of 49.00 USD arrived and is final; the session still runs."""
    return play_once("short")


@pytest.fixture
def short(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


def accept(session: CheckoutSession, **more: object) -> CheckoutSession:
    given: dict[str, object] = {"kind": DecisionKind.ACCEPT, "issue": "underpaid", "actor": "mia@example.com"}
    return decide(session=refreshed(session), **given | more)  # type: ignore[arg-type]


def test_it_counts_as_paid_and_the_shop_is_told(short: CheckoutSession) -> None:
    assert (short.status, short.payment_status, short.needs_decision) == (Status.OPEN, PaymentStatus.PARTIAL, False)
    case = early_case(short)
    assert case
    assert (case.value, case.payments) == (Decimal("44.1"), (short.payments.get().public_id,))
    before = len(events_of(short))
    done = accept(short, payments=case.payments, note="the rest in cash")
    assert (done.status, done.payment_status) == (Status.COMPLETED, PaymentStatus.PAID)
    assert (done.issue, done.needs_decision) == (Issue.UNDERPAID, False)
    assert events_of(short)[before:] == ["processing", "completed"]
    line = AuditEntry.objects.get(action="session.accept", subject=short.public_id)
    assert (line.actor, line.detail["note"]) == ("mia@example.com", "the rest in cash")
    assert line.detail["issue"] == "underpaid"


def test_it_is_never_accepted_by_accident(short: CheckoutSession) -> None:
    """Programs that answer whatever is open say nothing of a session that still runs."""
    with pytest.raises(NothingToDecide, match="nothing to decide"):
        accept(short, issue="")
    for kind in (DecisionKind.ASK_REST, DecisionKind.WRITE_OFF, DecisionKind.REFUNDED):
        with pytest.raises(NothingToDecide, match="nothing to decide"):
            accept(short, kind=kind, tx_hash="0x" + "ab" * 32 if kind == DecisionKind.REFUNDED else "")
    assert refreshed(short).status == Status.OPEN


def test_nothing_came_or_it_is_not_final(session: CheckoutSession, sandbox: Sandbox) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    assert early_case(refreshed(session)) is None
    sandbox.send_to(refreshed(session).deposit.address, "40", seconds=1)
    seen = refreshed(session)
    assert (seen.payment_status, seen.payments.get().confirmed_at) == (PaymentStatus.PARTIAL, None)
    assert early_case(seen) is None
    with pytest.raises(NothingToDecide, match="nothing to decide"):
        accept(seen)


def test_what_came_since_it_was_shown_is_not_decided_on(short: CheckoutSession, sandbox: Sandbox) -> None:
    case = early_case(short)
    assert case
    sandbox.send_to(short.deposit.address, "1")
    with pytest.raises(NothingToDecide, match="came or went"):
        accept(short, payments=case.payments)
    assert refreshed(short).status == Status.OPEN


def test_once_its_time_is_over_the_usual_decision_is_meant(short: CheckoutSession, sandbox: Sandbox) -> None:
    CheckoutSession.objects.filter(pk=short.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert early_case(refreshed(short)) is None
    with pytest.raises(NothingToDecide, match="nothing to decide"):
        accept(short)  # nobody has noticed yet that it is over
    sandbox.look()
    assert accept(short).status == Status.COMPLETED


def test_money_that_goes_away_afterwards_is_asked_about(short: CheckoutSession, sandbox: Sandbox) -> None:
    accept(short)
    sandbox.chain_takes_back(short)
    gone = sandbox.wait(8, short)
    assert (gone.status, gone.issue, gone.needs_decision) == (Status.COMPLETED, Issue.REVERSED, True)


def test_the_rest_that_comes_all_the_same_is_no_excess(short: CheckoutSession, sandbox: Sandbox) -> None:
    accept(short)
    sandbox.send_to(short.deposit.address, "4.9")
    now = refreshed(short)
    assert (now.payment_status, now.needs_decision) == (PaymentStatus.PAID, False)


def test_an_order_that_is_paid_elsewhere_is_not_paid_again(short: CheckoutSession) -> None:
    CheckoutSession.objects.filter(pk=short.pk).update(order_paid_by="cs_another")
    assert early_case(refreshed(short)) is None


def test_the_page_and_the_api_accept_by_the_same_rule(
    desk: Desk, api: Api, short: CheckoutSession, sandbox: Sandbox
) -> None:
    page = f"sessions/{short.public_id}"
    assert "Accept 44.10 USD as paid" in desk.read(page)
    answer = api.post(f"checkout/{short.public_id}/resolve", {"decision": "accept"})
    assert answer.status_code == 409
    desk.post(f"{page}/decide", kind="accept", issue="underpaid", payments=short.payments.get().public_id)
    assert "Undo" in desk.read(page)
    take_effect(timezone.now() + CAN_BE_TAKEN_BACK)
    assert refreshed(short).status == Status.COMPLETED
    assert "Accept 44.10" not in desk.read(page)


def test_the_api_accepts_what_it_names(api: Api, short: CheckoutSession) -> None:
    answer = api.post(f"checkout/{short.public_id}/resolve", {"decision": "accept", "issue": "underpaid"})
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
