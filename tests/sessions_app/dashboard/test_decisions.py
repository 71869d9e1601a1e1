"""The decision queue: what it says, what it suggests, one click."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.sandbox.chain import send
from merchants_app.models import AuditEntry
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import case_of, decide
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.second_thoughts import take_effect
from sessions_app.reading.session_words import headline_of
from sessions_app.state.representation import received_value
from sessions_app.status import DecisionKind, Issue, Status
from tests.cast import refreshed
from tests.desk import Desk
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox

TX = "0x" + "ab" * 32


def shown(session: CheckoutSession) -> dict[str, str]:
    """What the page's form sends beside the button: the case as it was shown."""
    case = case_of(refreshed(session))
    assert case
    return {"issue": case.issue, "payments": " ".join(case.payments)}


def a_minute_passes() -> None:
    """What was decided takes effect."""
    take_effect(timezone.now() + timedelta(seconds=61))


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """Its buyer sent half as much again."""
    return play_once("over")


@pytest.fixture
def overpaid(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


def test_an_empty_queue_says_so(ottos_desk: Desk) -> None:
    assert "Nothing to decide" in ottos_desk.read("decisions")


def test_the_queue_shows_what_happened_and_suggests(desk: Desk, overpaid: CheckoutSession) -> None:
    text = desk.read("decisions")
    assert "24.50 USD too much arrived" in text
    assert text.index("Suggested: <b>Refund.</b>") < text.index("Refund…") < text.index(">Keep the excess")


def test_the_menu_counts_what_waits(desk: Desk, overpaid: CheckoutSession) -> None:
    assert '<span class="badge">1' in desk.read("sessions")


def test_what_was_decided_is_called_as_its_button(desk: Desk, overpaid: CheckoutSession) -> None:
    page = f"sessions/{overpaid.public_id}"
    desk.post(f"{page}/decide", kind="accept", **shown(overpaid))
    take_effect(timezone.now() + timedelta(seconds=61))
    text = desk.read(page)
    assert "Decided: keep the excess." in text
    assert "accept as paid" not in text.lower()


@pytest.mark.parametrize("kind", ["refunded", "accept", "write_off"])
def test_one_click_decides(desk: Desk, overpaid: CheckoutSession, kind: str) -> None:
    given = shown(overpaid) | ({"tx_hash": TX} if kind == "refunded" else {})
    answer = desk.post(
        f"sessions/{overpaid.public_id}/decide", kind=kind, next=f"/dashboard/{desk.at}/decisions", **given
    )
    assert answer["Location"] == f"/dashboard/{desk.at}/decisions"
    assert refreshed(overpaid).needs_decision  # nobody is told before it can no longer be taken back
    a_minute_passes()
    assert not refreshed(overpaid).needs_decision
    assert AuditEntry.objects.get(action=f"session.{kind}", subject=overpaid.public_id).actor == desk.user.email


def test_the_refunds_transaction_and_a_note_are_kept(desk: Desk, overpaid: CheckoutSession) -> None:
    desk.post(f"sessions/{overpaid.public_id}/decide", kind="refunded", tx_hash=TX, note="by bank", **shown(overpaid))
    a_minute_passes()
    decision = overpaid.decisions.get()
    assert (decision.tx_hash, decision.note) == (TX, "by bank")


def decide_at(desk: Desk, session: CheckoutSession, form: dict[str, str]) -> Any:
    """The page of the session, from which that was sent, afterwards."""
    path = f"/dashboard/{desk.at}/sessions/{session.public_id}"
    return desk.client.post(f"{path}/decide", form, headers={"referer": f"http://testserver{path}"}, follow=True)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "nonsense"}, "valid choice"),
        ({}, "required"),
        ({"kind": "refunded", "tx_hash": "0x12"}, "A transaction hash is"),
        ({"kind": "refunded"}, "Name the refund"),
        ({"kind": "accept", "tx_hash": TX}, "A transaction belongs to"),
        ({"kind": "ask_rest"}, "does not answer"),
        ({"kind": "accept", "note": "x" * 501}, "at most 500"),
        ({"kind": "accept", "issue": "late"}, "no longer late"),
        ({"kind": "accept", "payments": "pay_another"}, "came or went"),
    ],
)
def test_nonsense_decides_nothing_and_is_said(
    desk: Desk, overpaid: CheckoutSession, form: dict[str, str], said: str
) -> None:
    answer = decide_at(desk, overpaid, shown(overpaid) | form)
    assert said in answer.content.decode()
    assert refreshed(overpaid).needs_decision


def test_money_that_came_since_the_page_was_shown_is_not_decided_on(
    desk: Desk, session: CheckoutSession, sandbox: Sandbox
) -> None:
    seen = shown(sandbox.play(session, "late_short"))
    sandbox.send_to(refreshed(session).deposit.address, "1")
    assert refreshed(session).issue == "late"
    answer = decide_at(desk, session, seen | {"kind": "refunded", "tx_hash": TX})
    assert "came or went" in answer.content.decode()
    assert refreshed(session).decisions.count() == 0


def test_the_queue_is_in_the_order_of_the_issues(
    desk: Desk, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    first, second = new_session(productName="Made first"), new_session(productName="Made second")
    sandbox.play(second, "late_short")
    sandbox.play(first, "late_short")
    text = desk.read("decisions")
    assert text.index("Made second") < text.index("Made first")


def test_a_trifle_in_a_wrong_asset_is_not_suggested_to_be_accepted(
    new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    session = new_session(allowedAssets=["USDC"])
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    send(
        recipient=session.deposit.address,
        contract=network("sandbox").assets["USDT"].contract,
        amount_units=10_000,
        now=timezone.now(),
    )
    case = case_of(sandbox.wait(4, session))
    assert case
    assert (case.answers[0], case.value) == (DecisionKind.REFUNDED, Decimal("0.01"))


def test_what_has_gone_back_of_a_wrong_asset_is_not_part_of_the_next_decision(
    new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    session = new_session(allowedAssets=["USDC"])
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    contract, recipient = network("sandbox").assets["USDT"].contract, session.deposit.address
    send(recipient=recipient, contract=contract, amount_units=30_000_000, now=timezone.now())
    first = sandbox.wait(4, session)
    decide(session=first, kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash="0x" + "1" * 64)
    send(recipient=recipient, contract=contract, amount_units=20_000_000, now=timezone.now())
    both = sandbox.wait(4, session)
    case = case_of(both)
    assert case
    assert (case.answers[0], case.value, case.is_enough) == (DecisionKind.REFUNDED, Decimal(20), False)
    assert headline_of(both) == "20 USDT arrived, only USDC was asked for"
    accepted = decide(session=both, kind=DecisionKind.ACCEPT, actor="mia@example.com")
    assert received_value(accepted) == Decimal(20)


@pytest.mark.parametrize("where", ["https://evil.example/", "foo", "dashboard:keys"])
def test_a_decision_leads_nowhere_else(desk: Desk, overpaid: CheckoutSession, where: str) -> None:
    answer = desk.post(f"sessions/{overpaid.public_id}/decide", kind="accept", next=where, **shown(overpaid))
    assert answer["Location"] == f"/dashboard/{desk.at}/sessions/{overpaid.public_id}"


def test_asking_for_the_rest_opens_the_session_again(desk: Desk, session: CheckoutSession, sandbox: Sandbox) -> None:
    short = sandbox.play(session, "late_short")
    desk.post(f"sessions/{short.public_id}/decide", kind="ask_rest", **shown(short))
    a_minute_passes()
    assert refreshed(short).status == Status.OPEN


def test_support_decides_and_a_viewer_does_not(colleague: Callable[..., Desk], overpaid: CheckoutSession) -> None:
    page = f"sessions/{overpaid.public_id}/decide"
    assert colleague("viewer").post(page, kind="accept", **shown(overpaid)).status_code == 403
    assert colleague("support").post(page, kind="accept", **shown(overpaid)).status_code == 302
    a_minute_passes()
    assert not refreshed(overpaid).needs_decision


@pytest.mark.parametrize(
    ("scenario", "issue", "words"),
    [
        ("over", Issue.OVERPAID, "24.50 USD too much arrived"),
        ("twice", Issue.PAID_TWICE, "Paid twice, 49.00 USD too much"),
        ("late_short", Issue.LATE, "44.10 of 49.00 USD arrived, some of it too late"),
        ("reorged", Issue.REVERSED, "A payment is gone from the chain; 0.00 of 49.00 USD is left"),
    ],
)
def test_what_happened_is_a_sentence(
    session: CheckoutSession, sandbox: Sandbox, scenario: str, issue: Issue, words: str
) -> None:
    played = sandbox.play(session, scenario, seconds=12)
    assert (played.issue, headline_of(played)) == (issue, words)


ODD_ROWS: dict[str, Callable[[CheckoutSession], object]] = {
    "network taken out": lambda s: s.payments.update(network="gone", asset="OLD"),
    "no longer quoted": lambda s: CheckoutSession.objects.filter(pk=s.pk).update(quote=None),
    "of a network taken out": lambda s: s.quotes.update(network="gone", asset="OLD"),
    "without an address": lambda s: s.deposit.delete(),
    "worth more than anything": lambda s: s.payments.update(value=Decimal(10) ** 90, amount_units=Decimal(10) ** 77),
    "without a rate": lambda s: s.payments.update(value=None, rate=None),
    "with words in it": lambda s: CheckoutSession.objects.filter(pk=s.pk).update(product_name="<b>{% x %}\u202e"),
}


@pytest.mark.parametrize("odd", ODD_ROWS)
def test_one_odd_row_takes_nothing_from_the_queue(
    desk: Desk, overpaid: CheckoutSession, new_session: Callable[..., CheckoutSession], sandbox: Sandbox, odd: str
) -> None:
    ODD_ROWS[odd](overpaid)
    other = sandbox.play(new_session(), "over")
    text = desk.read("decisions")
    for session in (overpaid, other):
        assert f"/sessions/{session.public_id}" in text
        assert desk.get(f"sessions/{session.public_id}").status_code == 200


def test_a_wrong_asset_is_named(new_session: Callable[..., CheckoutSession], sandbox: Sandbox) -> None:
    played = sandbox.play(new_session(allowedAssets=["USDC"]), "wrong_asset")
    assert headline_of(played).endswith("arrived, only USDC was asked for")


def test_a_wrong_asset_that_was_accepted_is_said_to_be(
    desk: Desk, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    played = sandbox.play(new_session(allowedAssets=["USDC"]), "wrong_asset")
    page = f"sessions/{played.public_id}"
    assert "so it does not count" in desk.read(page)
    desk.post(f"{page}/decide", kind="accept", **shown(played))
    a_minute_passes()
    assert "you took it as paid" in desk.read(page)


def test_a_sessions_page_tells_since_when_it_waits(desk: Desk, session: CheckoutSession, sandbox: Sandbox) -> None:
    late = sandbox.play(session, "late_short")
    sandbox.skip(hours=3)
    CheckoutSession.objects.filter(pk=late.pk).update(updated_at=timezone.now())
    assert ">3 hours</time>" in desk.read(f"sessions/{late.public_id}")
