"""Each fact about money is a line of the books, once, at its worth; what is undone later is a line of its own."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from chains_app.networks.networks import network
from merchants_app.businesses import money_rules
from merchants_app.businesses.days import booking_day, is_closed
from merchants_app.businesses.money_rules import change_settings
from merchants_app.models import Merchant
from merchants_app.treasuries.treasuries import set_treasury
from sessions_app.books.booking import book_payments
from sessions_app.books.catching_up import catch_up
from sessions_app.books.definitions import book_sums, money_of_session, worth_by
from sessions_app.books.fees import book_fees
from sessions_app.books.statement import statement
from sessions_app.collecting import undone
from sessions_app.collecting.collecting import play_collection
from sessions_app.models import BookLine, CheckoutSession, Payment, UnbookedFee
from sessions_app.paying.decisions import decide
from sessions_app.status import DecisionKind
from tests.cast import refreshed
from tests.merchants_app.treasuries.test_treasuries import XPUB
from tests.sandbox import Sandbox

New = Callable[..., CheckoutSession]
EUR = {"currency": "EUR"}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def kinds(session: CheckoutSession) -> list[str]:
    return list(BookLine.objects.filter(session=session).order_by("id").values_list("kind", flat=True))


def test_what_is_final_is_received_at_its_worth_when_it_arrived(session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(session, "exact")
    line = BookLine.objects.get(session=session)
    payment = session.payments.get()
    assert (line.kind, line.amount_units, line.at) == ("received", payment.amount_units, payment.arrived_at)
    assert (line.currency, line.value, line.reporting_currency, line.reporting_value) == (
        "USD", payment.value, "USD", payment.value,
    )  # fmt: skip
    assert line.rate_sources.startswith(f"quote {session.quotes.get().public_id}: fixed_test_table")
    assert line.rate_at is not None


def test_what_is_only_seen_is_not(session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(session, "stuck")
    assert kinds(session) == []


def test_an_asset_that_was_not_asked_for_is_received_as_well(new_session: New, sandbox: Sandbox) -> None:
    session = sandbox.play(new_session(allowedAssets=["USDC"]), "wrong_asset")
    assert kinds(session) == ["received"]
    decide(session=session, kind=DecisionKind.ACCEPT, actor="mia@example.com")
    assert kinds(session) == ["received"]


def test_another_currency_is_told_in_the_businesss_at_the_rate_of_that_moment(
    new_session: New, sandbox: Sandbox, mia: Merchant
) -> None:
    session = sandbox.play(new_session(currency="EUR"), "exact")
    line = BookLine.objects.get(session=session)
    assert (line.asset, line.currency, line.reporting_currency) == ("ETH", "EUR", "USD")
    assert line.reporting_rate == 2500  # of test mode's table
    assert line.reporting_value == line.amount_units.scaleb(-18) * 2500
    assert line.reporting_sources == "market: fixed_test_table"


def test_what_the_chain_takes_back_is_a_line_of_its_own(session: CheckoutSession, sandbox: Sandbox) -> None:
    session = sandbox.play(session, "exact")
    before = BookLine.objects.get(session=session)
    sandbox.chain_takes_back(session)
    sandbox.wait(5, session)
    assert kinds(session) == ["received", "taken_back"]
    first, second = BookLine.objects.filter(session=session).order_by("id")
    assert (first.pk, first.written_at, first.amount_units) == (before.pk, before.written_at, before.amount_units)
    assert (second.amount_units, second.value, second.payment) == (first.amount_units, first.value, first.payment)
    money = money_of_session(refreshed(session))
    assert (money.received, money.taken_back, money.net) == (first.value, first.value, 0)


def test_what_is_collected_and_what_is_waiting_again(
    session: CheckoutSession, sandbox: Sandbox, mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sandbox.play(session, "exact")
    play_collection(
        merchant=mia, mode="test", network=sandbox.network, assets=sandbox.network.assets, by="mia", now=timezone.now()
    )
    assert kinds(session) == ["received", "collected"]
    tx_hash = session.payments.get().collected_tx
    assert BookLine.objects.get(session=session, kind="collected").tx_hash == tx_hash
    monkeypatch.setattr(undone, "collections_of", lambda network, hashes: dict.fromkeys(hashes))
    undone.take_back_lost(sandbox.network, timezone.now())
    play_collection(
        merchant=mia, mode="test", network=sandbox.network, assets=sandbox.network.assets, by="mia", now=timezone.now()
    )
    assert kinds(session) == ["received", "collected", "collection_taken_back", "collected"]
    money = money_of_session(session)
    assert (money.collected, money.at_deposits) == (session.payments.get().value, 0)


def test_money_at_an_address_that_the_business_has_the_key_of_is_in_its_wallet_at_once(
    new_session: New, sandbox: Sandbox, mia: Merchant
) -> None:
    set_treasury(merchant=mia, mode="test", kind="xpub", xpub=XPUB, by="mia", now=timezone.now() - timedelta(hours=1))
    assert kinds(sandbox.play(new_session(), "exact")) == ["received", "collected"]


def test_money_that_somebody_says_was_sent_back_is_refunded(new_session: New, sandbox: Sandbox) -> None:
    session = sandbox.play(new_session(), "over")
    excess = session.payments.get().value - Decimal("49.00")
    decide(session=session, kind=DecisionKind.REFUNDED, actor="mia", tx_hash="0x" + "ab" * 32)
    assert kinds(session) == ["received", "refunded"]
    line = BookLine.objects.get(session=session, kind="refunded")
    assert abs(line.value - excess) < Decimal("0.000001")
    assert money_of_session(session).net == session.payments.get().value - line.value


def test_a_price_of_very_many_of_its_currency_is_booked_too(session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(session, "over")
    dear = Decimal("12345678901.5")
    Payment.objects.filter(session=session).update(
        rate=dear, value=dear, amount_units=10**18, decimals=18, basis="arrival"
    )
    CheckoutSession.objects.filter(pk=session.pk).update(amount=dear / 2)
    decide(session=refreshed(session), kind=DecisionKind.REFUNDED, actor="mia", tx_hash="0x" + "ab" * 32)
    line = BookLine.objects.get(session=session, kind="refunded")
    assert (line.rate, line.value) == (dear, dear / 2)


@pytest.mark.parametrize("collected", [[], ["collected"]])
def test_what_was_final_before_its_rate_was_known_is_booked_anew_with_it(
    session: CheckoutSession, sandbox: Sandbox, collected: list[str]
) -> None:
    session = sandbox.play(session, "stuck")
    final = dict.fromkeys(("confirmed_at", "first_confirmed_at"), timezone.now())
    if collected:
        final |= {"collected_at": timezone.now(), "collected_tx": "0x1"}
    payments = Payment.objects.filter(session=session)
    payments.update(**final, value=None, rate=None, basis="none")
    book_payments([payments.get().pk], now=timezone.now())
    sandbox.look()
    value = payments.get().value
    assert value
    undone = [f"{'collection_' if kind == 'collected' else ''}taken_back" for kind in [*collected, "received"]]
    assert kinds(session) == ["received", *collected, *undone, "received", *collected]
    money = money_of_session(refreshed(session))
    assert (money.received, money.net) == (value, value)


def test_a_fee_that_is_to_be_asked_for_from_now_on_is_not_lost(mia: Merchant) -> None:
    def then_one_is(execute: Any, sql: str, *about: Any) -> Any:
        answer = execute(sql, *about)
        if sql.startswith("SELECT"):
            UnbookedFee.objects.create(merchant=mia, mode="test", network="devchain", tx_hash="0x07", at=timezone.now())
        return answer

    with connection.execute_wrapper(then_one_is):
        book_fees(network("devchain"))
    assert UnbookedFee.objects.filter(merchant=mia).count() == 1


def test_lines_are_neither_changed_nor_deleted(session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(session, "exact")
    for act in (lambda rows: rows.update(value=1), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            act(BookLine.objects.filter(session=session))


def test_booking_twice_writes_nothing(session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(session, "exact")
    assert book_payments(list(session.payments.values_list("pk", flat=True)), now=timezone.now()) == 0
    assert kinds(session) == ["received"]


def test_what_was_final_before_books_were_kept_is_booked_for_its_own_month(
    session: CheckoutSession, sandbox: Sandbox, mia: Merchant
) -> None:
    session = sandbox.play(session, "stuck")
    long_ago = timezone.now() - timedelta(days=90)
    final = dict.fromkeys(("arrived_at", "confirmed_at", "first_confirmed_at", "collected_at"), long_ago)
    Payment.objects.filter(session=session).update(**final, collected_tx="0x1")
    assert (catch_up(), catch_up()) == (2, 0)
    assert kinds(session) == ["received", "collected"]
    assert {line.booked_on for line in BookLine.objects.filter(session=session)} == {long_ago.date()}


@pytest.mark.parametrize(
    ("zone", "at", "now", "day"),
    [
        ("UTC", "2026-10-31T23:30", "2026-10-31T23:40", date(2026, 10, 31)),
        ("UTC", "2026-10-31T23:30", "2026-11-01T05:59", date(2026, 10, 31)),  # it waited for its confirmations
        ("UTC", "2026-10-31T23:30", "2026-11-01T06:00", date(2026, 11, 1)),  # closed
        ("Europe/Berlin", "2026-10-31T23:30", "2026-10-31T23:40", date(2026, 11, 1)),
        ("America/New_York", "2026-11-01T03:30", "2026-11-01T06:00", date(2026, 10, 31)),
        ("UTC", "2026-09-30T12:00", "2026-12-31T12:00", date(2026, 12, 31)),
    ],
)
def test_which_day_something_counts_for(zone: str, at: str, now: str, day: date) -> None:
    assert booking_day(utc(at), merchant=Merchant(time_zone=zone), now=utc(now)) == day


@pytest.mark.parametrize(
    ("at", "now", "day"),
    [
        ("2026-11-30T20:00", "2026-11-30T20:01", date(2026, 12, 1)),
        ("2026-11-15T12:00", "2026-11-30T20:01", date(2026, 12, 1)),
        ("2026-11-15T12:00", "2026-12-01T12:00", date(2026, 12, 1)),
        ("2026-12-01T20:00", "2026-12-01T20:01", date(2026, 12, 1)),
        ("2026-11-15T12:00", "2026-12-04T12:00", date(2026, 12, 4)),
    ],
)
def test_a_month_that_was_closed_is_not_opened_by_another_time_zone(
    mia: Merchant, monkeypatch: pytest.MonkeyPatch, at: str, now: str, day: date
) -> None:
    """November was over on Kiritimati at 10:00 UTC of its last day, and closed at 16:00."""
    changed_at = {"Pacific/Kiritimati": "2026-11-02T00:00", "Pacific/Pago_Pago": "2026-11-30T16:00"}
    for zone, moment in changed_at.items():
        monkeypatch.setattr(money_rules.timezone, "now", lambda moment=moment: utc(moment))
        change_settings(merchant=mia, actor="mia", time_zone=zone)
    mia.refresh_from_db()
    assert booking_day(utc(at), merchant=mia, now=utc(now)) == day
    assert is_closed(date(2026, 11, 30), merchant=mia, now=utc(now))
    closes_at = statement(mia, "test", date(2026, 11, 1), utc(now)).closes_at
    assert closes_at == (utc("2026-12-01T17:00") if utc(now) > utc("2026-12-01T17:00") else None)


def test_a_month_that_was_open_stays_open_in_another_time_zone_until_it_closes_there(
    mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(money_rules.timezone, "now", lambda: utc("2026-12-01T05:59"))
    change_settings(merchant=mia, actor="mia", time_zone="Pacific/Pago_Pago")
    mia.refresh_from_db()
    for now, day in (("2026-12-01T16:59", date(2026, 11, 30)), ("2026-12-01T17:00", date(2026, 12, 1))):
        assert booking_day(utc("2026-12-01T03:00"), merchant=mia, now=utc(now)) == day


def test_totals_of_days_are_of_one_business_and_mode(
    session: CheckoutSession, sandbox: Sandbox, mia: Merchant, otto: Merchant
) -> None:
    sandbox.play(session, "exact")
    today = timezone.now().date()
    value = session.payments.get().value
    assert worth_by(book_sums(mia, "test", first=today, last=today), "USD")[()].money.received == value
    assert worth_by(book_sums(mia, "test", first=today), "EUR")[()].unknown == 1
    for sums in (
        book_sums(mia, "live"),
        book_sums(otto, "test"),
        book_sums(mia, "test", last=today - timedelta(1)),
    ):
        assert worth_by(sums, "USD") == {}
