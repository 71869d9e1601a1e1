"""Money whose worth no source of rates can say: shop and buyer are told what is known, and asked for nothing twice."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from chains_app.rates.exchange_rates import refresh_rates
from merchants_app.models import Merchant
from sessions_app.errors import NothingToRefund
from sessions_app.models import CheckoutSession, Letter
from sessions_app.paying.decisions import case_of, decide
from sessions_app.paying.quoting import choose_option, options_for
from sessions_app.reading.session_story import explained, ledger_of, story_of
from sessions_app.refunding.asking import ask_for_refund
from sessions_app.selling.creation import create_session
from sessions_app.state.expiry import expire_due
from sessions_app.state.facts import with_facts
from sessions_app.state.representation import represent
from sessions_app.status import DecisionKind, RefundKind
from tests.cast import agreed, refreshed
from tests.fake_rates import FakeRates
from tests.markup import text_of
from tests.sandbox import events_of
from tests.sessions_app.paying.test_valuation import ether, see


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Noon, until the test moves it on."""
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def unpriced(clock: time_machine.Traveller, mia: Merchant, sources: FakeRates) -> CheckoutSession:
    """Mia's over 49.00 USD, of whose quote the time was over when 0.02 ETH came; no source of rates answers."""
    session = create_session(merchant=mia, mode="live", terms=agreed())
    choose_option(session=session, asset="ETH", network="ethereum", now=timezone.now())
    say(sources, "down")
    clock.shift(timedelta(minutes=50))
    see(ether(refreshed(session), "0.02", timezone.now()))
    assert refreshed(session).payments.get().value is None
    return read(session)


def say(sources: FakeRates, behaviour: str) -> None:
    for source in sources.all:
        source.behaviour = behaviour


def read(session: CheckoutSession) -> CheckoutSession:
    return with_facts(CheckoutSession.objects.filter(pk=session.pk), "merchant").get()


def page(session: CheckoutSession, query: str = "") -> str:
    return " ".join(Client().get(f"/pay/{session.page_token}{query}").content.decode().split())


def later(clock: time_machine.Traveller, **time: int) -> None:
    """Time passes, and the clock's and the watcher's jobs are done."""
    clock.shift(timedelta(**time))
    see()
    expire_due()


def stands(session: CheckoutSession) -> tuple[str, str | None, bool]:
    now = refreshed(session)
    return now.status, now.issue, now.needs_decision


@pytest.mark.parametrize("query", ["", "?change=1", "?again=1"])
def test_the_page_says_that_it_came_and_asks_for_nothing(unpriced: CheckoutSession, query: str) -> None:
    html = page(unpriced, query)
    assert 'data-state="pricing"' in html
    assert "Your payment has arrived" in html
    assert "There is no sure rate for ETH right now." in text_of(html)
    assert "0.02 ETH" in html
    for asking in ("data-renew-now", unpriced.deposit.address, "/cancel", "What do you pay with?"):
        assert asking not in html, asking


def test_it_is_asked_for_neither_by_the_api_nor_by_another_way(unpriced: CheckoutSession, sources: FakeRates) -> None:
    due = represent(unpriced).payment
    assert due is not None
    assert (due.amount_remaining, due.uri, due.value_received) == ("0", None, 0)
    assert represent(unpriced).payments[0].value is None
    say(sources, "well")
    refresh_rates()
    assert {each.amount_units for each in options_for(unpriced, timezone.now()) if not each.unavailable} == {0}


def test_when_its_time_is_over_nobody_is_asked_to_decide_and_it_settles_by_itself(
    clock: time_machine.Traveller, unpriced: CheckoutSession, sources: FakeRates
) -> None:
    later(clock, minutes=11)
    assert stands(unpriced) == ("expired", "underpaid", False)
    assert events_of(unpriced) == ["created", "partially_paid", "expired"]
    assert 'data-state="pricing"' in page(unpriced)
    assert "The shop has dealt with it" not in page(unpriced)
    say(sources, "well")
    refresh_rates()
    later(clock, minutes=5)
    assert stands(unpriced) == ("processing", None, False)
    assert events_of(unpriced)[3:] == ["processing"]
    assert not Letter.objects.filter(session=unpriced).exists()


def test_when_no_rate_turns_up_for_an_hour_somebody_decides(
    clock: time_machine.Traveller, unpriced: CheckoutSession
) -> None:
    later(clock, minutes=59)
    assert not refreshed(unpriced).needs_decision
    later(clock, minutes=1)
    assert stands(unpriced) == ("expired", "underpaid", True)
    assert events_of(unpriced)[3:] == ["issue_opened"]
    assert unpriced.timeline.latest("id").reason == "No rate has turned up for what came."
    assert [each.kind for each in unpriced.letters.all()] == ["expired"]
    assert 'data-state="expired"' in page(unpriced)
    later(clock, minutes=1)
    assert len(events_of(unpriced)) == 4


def test_what_turns_out_to_be_too_little_is_asked_about_then(
    clock: time_machine.Traveller, unpriced: CheckoutSession, sources: FakeRates
) -> None:
    later(clock, minutes=11)
    say(sources, "well")
    for source in sources.all:
        source.prices["ETH/USD"] = "1000"
    refresh_rates()
    later(clock, minutes=5)
    assert stands(unpriced) == ("expired", "underpaid", True)
    assert events_of(unpriced)[3:] == ["issue_opened"]


def test_the_dashboard_says_what_is_waited_for(clock: time_machine.Traveller, unpriced: CheckoutSession) -> None:
    for _ in range(2):
        session = read(unpriced)
        story = story_of(session, ledger_of(session))
        assert story.headline == "0.02 ETH arrived; no rate says yet what it is worth"
        later(clock, minutes=11)


def becomes_final(session: CheckoutSession) -> None:
    session.payments.update(confirmed_at=timezone.now(), first_confirmed_at=timezone.now())


@pytest.fixture
def given_up(clock: time_machine.Traveller, unpriced: CheckoutSession) -> CheckoutSession:
    """The same when nobody could say for an hour what it is worth, and it still runs."""
    CheckoutSession.objects.filter(pk=unpriced.pk).update(expires_at=timezone.now() + timedelta(hours=9))
    becomes_final(unpriced)
    later(clock, minutes=59)
    assert stands(unpriced) == ("open", None, False)
    later(clock, minutes=1)
    return read(unpriced)


def test_of_a_session_that_still_runs_somebody_decides_too(given_up: CheckoutSession) -> None:
    assert stands(given_up) == ("open", "underpaid", True)
    assert events_of(given_up) == ["created", "partially_paid", "issue_opened"]
    assert 'data-state="pricing"' in page(given_up)
    story = story_of(given_up, ledger_of(given_up))
    assert story.headline == "0.00 of 49.00 USD arrived, and 0.02 ETH that no rate is known for"
    assert story.sentences == (
        "No rate says what 0.02 ETH was worth: it may be all that was due. Look before you ask for more.",
    )
    case = case_of(given_up)
    assert case
    assert case.answers == ("refunded", "ask_rest", "accept", "write_off")
    with pytest.raises(NothingToRefund, match="No rate has said what it is worth"):
        ask_for_refund(session=given_up, amount=RefundKind.FULL, actor="mia")


@pytest.mark.parametrize("kind", ["ask_rest", "write_off"])
def test_after_that_the_page_asks_again_and_a_rate_still_counts(
    clock: time_machine.Traveller, given_up: CheckoutSession, sources: FakeRates, kind: str
) -> None:
    before = read(given_up)
    decide(session=given_up, kind=DecisionKind(kind), actor="mia")
    ends, watched = read(given_up).expires_at, read(given_up).deposit.watch_until
    assert (ends, watched) == (before.expires_at, before.deposit.watch_until)  # as the buyer was promised
    say(sources, "well")
    refresh_rates()
    choose_option(session=read(given_up), asset="USDC", network="ethereum", now=timezone.now())
    due = represent(read(given_up)).payment
    assert due
    assert due.amount_remaining == "49"
    assert given_up.deposit.address in page(given_up)
    later(clock, minutes=5)
    assert stands(given_up)[0] == "completed"


def test_what_the_rest_was_asked_beside_is_no_longer_said_to_be_all_that_may_be_due(
    clock: time_machine.Traveller, given_up: CheckoutSession
) -> None:
    decide(session=given_up, kind=DecisionKind.ASK_REST, actor="mia")
    later(clock, minutes=9 * 60)
    at_its_end = read(given_up)
    assert stands(at_its_end) == ("expired", "underpaid", True)
    allowed = "Your tolerance would have allowed 0.49 USD."
    assert explained(at_its_end) == (f"49.00 USD is missing. {allowed}",)


def test_money_beside_the_price_is_asked_about_once(clock: time_machine.Traveller, unpriced: CheckoutSession) -> None:
    CheckoutSession.objects.filter(pk=unpriced.pk).update(status="completed", completed_at=timezone.now())
    becomes_final(unpriced)
    later(clock, minutes=61)
    assert stands(unpriced) == ("completed", "overpaid", True)
    story = story_of(read(unpriced), ledger_of(read(unpriced)))
    assert story.headline == "0.02 ETH arrived beside the price; no rate is known for it"


def test_what_was_decided_within_the_hour_is_looked_at_once(
    clock: time_machine.Traveller, unpriced: CheckoutSession
) -> None:
    later(clock, minutes=11)
    seen, now = [unpriced.payments.get().public_id], timezone.now()
    unpriced.decisions.create(kind="write_off", issue="underpaid", actor="mia", decided_at=now, seen=seen)
    later(clock, minutes=50)
    assert stands(unpriced) == ("expired", "underpaid", False)
    rows = unpriced.timeline.count()
    assert unpriced.timeline.latest("id").reason == "No rate has turned up for what came."
    later(clock, minutes=1)
    assert unpriced.timeline.count() == rows
