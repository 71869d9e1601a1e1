"""What is booked at which worth, for whom and once: the cases in which one value is not the other by chance."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.books import catching_up
from sessions_app.books.booking import book_payments, book_refunds, book_told_refunds
from sessions_app.books.catching_up import catch_up
from sessions_app.models import (
    BookLine,
    BooksPosition,
    CheckoutSession,
    Payment,
    Refund,
    UnbookedFee,
)
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.status import DecisionKind, RefundStatus
from tests.cast import refreshed
from tests.locks.stage import confirmed, overpaid, shown, waiting_for_money

New = Callable[..., CheckoutSession]
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TX = "0x" + "7a" * 32


def lines_of(session: CheckoutSession) -> list[BookLine]:
    return list(BookLine.objects.filter(session=session).order_by("id"))


def refund_of(session: CheckoutSession, number: int, **changes: Any) -> Refund:
    """Confirmed, and not booked."""
    done = {
        "kind": "amount", "status": RefundStatus.CONFIRMED, "rate_basis": "paid", "network": "devchain",
        "asset": "USDC", "decimals": 6, "amount_units": 2_000_000, "value": Decimal(3), "rate": Decimal("1.5"),
        "to_address": "0x2", "actor": "mia", "prepared_at": NOW, "tx_hash": f"0x{number}", "log_index": 0,
        "block_number": 1, "block_hash": "0x1", "seen_at": NOW - timedelta(minutes=9),
        "confirmed_at": NOW - timedelta(minutes=5),
    }  # fmt: skip
    return Refund.objects.create(session=session, **(done | changes))


@pytest.mark.parametrize(
    ("changes", "minutes"), [({}, 9), ({"seen_at": None}, 5), ({"seen_at": None, "confirmed_at": None}, 0)]
)
def test_a_refund_is_booked_when_it_was_seen_at_its_own_rate(
    new_session: New, changes: dict[str, Any], minutes: int
) -> None:
    session = new_session(currency="EUR")
    refund = refund_of(session, 1, **changes)
    assert book_refunds([refund.pk], now=NOW) == 1
    [line] = lines_of(session)
    assert (line.kind, line.at, line.tx_hash, line.refund) == (
        "refunded", NOW - timedelta(minutes=minutes), "0x1", refund,
    )  # fmt: skip
    assert (line.amount_units, line.currency, line.value, line.rate) == (2_000_000, "EUR", 3, Decimal("1.5"))
    refund.refresh_from_db()
    assert (line.rate_sources, line.rate_at) == ("refund: rate paid", refund.created_at)
    assert (line.reporting_currency, line.reporting_value, line.reporting_sources) == (
        "USD", 2, "market: fixed_test_table",
    )  # fmt: skip


def test_a_refund_is_taken_back_when_it_is_neither_final_nor_seen(session: CheckoutSession) -> None:
    refund = refund_of(session, 1)
    kinds: list[list[str]] = []
    for status in ("confirmed", "seen", "prepared", "prepared", "confirmed", "withdrawn", "confirmed"):
        Refund.objects.filter(pk=refund.pk).update(status=status)
        book_refunds([refund.pk], now=NOW)
        new = lines_of(session)[sum(map(len, kinds)) :]
        kinds.append([f"{line.kind} {line.turn}" for line in new])
    assert kinds == [
        ["refunded 1"], [], ["refund_taken_back 1"], [], ["refunded 2"], ["refund_taken_back 2"], ["refunded 3"],
    ]  # fmt: skip
    assert {(line.amount_units, line.value, line.tx_hash) for line in lines_of(session)} == {(2_000_000, 3, "0x1")}
    assert lines_of(session)[1].at == NOW


@pytest.mark.parametrize(
    ("network", "tx_hash", "is_asked"),
    [("devchain", "0x1", True), ("devchain", "", False), ("sandbox", "0x1", False), ("gone", "0x1", False)],
)
def test_a_fee_is_asked_for_where_a_chain_can_say_it(
    session: CheckoutSession, network: str, tx_hash: str, is_asked: bool
) -> None:
    refund = refund_of(session, 1, network=network)
    Refund.objects.filter(pk=refund.pk).update(status="withdrawn", tx_hash=tx_hash)
    refund.status, refund.tx_hash = RefundStatus.CONFIRMED, tx_hash
    if tx_hash:
        refund.save()
        book_refunds([refund.pk], now=NOW)
    own = UnbookedFee.objects.filter(merchant=session.merchant)
    asked = {(session.mode, network, tx_hash, NOW)} if is_asked else set()
    assert set(own.values_list("mode", "network", "tx_hash", "at")) == asked
    if is_asked:
        Refund.objects.filter(pk=refund.pk).update(status="prepared")
        book_refunds([refund.pk], now=NOW)
        assert not own.exists()


def test_of_nothing_nothing_is_asked(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert (book_payments([], now=NOW), book_refunds([], now=NOW)) == (0, 0)


@pytest.fixture
def final(new_session: New) -> Payment:
    """In EUR, at a quote's rate: seen, and final, and not booked yet."""
    session = new_session(currency="EUR")
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return made_final(shown(refreshed(session), "50.00"))


def made_final(payment: Payment) -> Payment:
    Payment.objects.filter(pk=payment.pk).update(confirmed_at=timezone.now(), first_confirmed_at=timezone.now())
    return payment


def test_what_was_final_and_is_gone_before_it_was_booked_came_and_went_at_its_quote(final: Payment) -> None:
    gone = final.arrived_at + timedelta(minutes=3)
    Payment.objects.filter(pk=final.pk).update(confirmed_at=None, vanished_at=gone)
    assert (book_payments([final.pk], now=NOW), book_payments([final.pk], now=NOW)) == (2, 0)
    came, went = lines_of(final.session)
    assert [(each.kind, each.at) for each in (came, went)] == [("received", final.arrived_at), ("taken_back", gone)]
    assert came.rate_sources.startswith("quote qu")
    assert went.rate_sources == came.rate_sources


def test_what_is_confirmed_anew_is_neither_taken_back_nor_received_twice(final: Payment) -> None:
    book_payments([final.pk], now=NOW)
    Payment.objects.filter(pk=final.pk).update(confirmed_at=None)
    assert book_payments([final.pk], now=NOW) == 0
    Payment.objects.filter(pk=final.pk).update(vanished_at=NOW)
    assert book_payments([final.pk], now=NOW) == 1
    Payment.objects.filter(pk=final.pk).update(vanished_at=None)
    assert book_payments([final.pk], now=NOW) == 0  # there again, and not final
    Payment.objects.filter(pk=final.pk).update(confirmed_at=NOW)
    assert book_payments([final.pk], now=NOW) == 1
    assert [(line.kind, line.turn) for line in lines_of(final.session)] == [
        ("received", 1), ("taken_back", 1), ("received", 2),
    ]  # fmt: skip


def test_what_never_was_final_is_not_booked_though_it_is_gone(final: Payment) -> None:
    Payment.objects.filter(pk=final.pk).update(confirmed_at=None, first_confirmed_at=None, vanished_at=NOW)
    assert book_payments([final.pk], now=NOW) == 0


@pytest.mark.parametrize(
    ("learned", "began", "is_own_day"),
    [(None, None, False), (0, 1, True), (0, 0, False), (1, 0, False)],
    ids=["no beginning", "before it", "at it", "after it"],
)
def test_what_was_known_before_books_were_kept_counts_for_its_day(
    final: Payment, learned: int | None, began: int | None, is_own_day: bool
) -> None:
    """Also if the business has chosen a time zone meanwhile."""
    Merchant.objects.filter(pk=final.session.merchant_id).update(months_closed_to=NOW.date().replace(day=1))
    arrived = NOW - timedelta(days=90)
    known = arrived + timedelta(seconds=learned or 0)
    Payment.objects.filter(pk=final.pk).update(arrived_at=arrived, confirmed_at=known, first_confirmed_at=known)
    book_payments([final.pk], now=NOW, began_at=None if began is None else arrived + timedelta(seconds=began))
    assert lines_of(final.session)[0].booked_on == (arrived if is_own_day else NOW).date()


def told(session: CheckoutSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody says that it was sent back, by a version that knows no books."""
    made_final(session.payments.get())
    with monkeypatch.context() as patch:
        patch.setattr("sessions_app.paying.decisions.book_told_refunds", lambda *_, **__: 0)
        decide(session=session, kind=DecisionKind.REFUNDED, actor="mia", tx_hash=TX)


def test_all_that_an_older_version_left_out_is_caught_up_with(mia: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    over = overpaid(mia)
    told(over, monkeypatch)
    payments = [made_final(confirmed(waiting_for_money(mia), "49.00")) for _ in range(3)]
    book_payments([each.pk for each in payments], now=NOW)
    Payment.objects.filter(pk__in=[each.pk for each in payments[:2]]).update(vanished_at=timezone.now())
    gone, too, refunded = (each.session for each in payments)
    done, _waiting = refund_of(refunded, 1), refund_of(refunded, 2, status=RefundStatus.PREPARED)
    monkeypatch.setattr(catching_up, "BATCH", 1)
    with monkeypatch.context() as patch:
        patch.setattr(catching_up, "lease", lambda _name: nullcontext(False))  # somebody else is at it
        assert catch_up() == 0
    assert (catch_up(), catch_up()) == (5, 0)
    assert [[line.kind for line in lines_of(each)] for each in (over, gone, too, refunded)] == [
        ["received", "refunded"], ["received", "taken_back"], ["received", "taken_back"], ["received", "refunded"],
    ]  # fmt: skip
    assert lines_of(refunded)[1].refund == done


def test_what_was_told_is_booked_once_and_less_of_it_taken_back(mia: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    session, other = overpaid(mia), overpaid(mia)
    for each in (session, other):
        told(each, monkeypatch)
    numbers = [book_told_refunds([session.pk], now=NOW) for _ in range(2)]
    [line] = lines_of(session)
    Payment.objects.filter(session=session).update(vanished_at=NOW)
    numbers += [book_told_refunds([session.pk], now=NOW) for _ in range(2)]
    assert numbers == [1, 0, 1, 0]
    back = lines_of(session)[1]
    assert (back.kind, back.amount_units, back.value) == ("refund_taken_back", 11_000_000, 11)
    assert (line.kind, line.amount_units, line.value, line.rate) == ("refunded", 11_000_000, 11, 1)
    assert (line.rate_sources, line.network, line.asset) == ("told by hand", "sandbox", "USDC")
    assert line.at == session.decisions.get().decided_at
    assert lines_of(other) == []


def test_it_goes_on_where_it_stood_and_looks_again_at_what_was_not_final_then(
    mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    BooksPosition.objects.all().delete()
    first, *later = (shown(waiting_for_money(mia), "49.00") for _ in range(3))
    keys = [made_final(each).pk for each in later]
    monkeypatch.setattr(catching_up, "BATCH", 1)
    monkeypatch.setattr(catching_up, "MOST_BATCHES", 1)
    monkeypatch.setattr(catching_up, "LOOKED_AT_AGAIN", 0)
    found = []
    for _ in range(3):
        found.append((catch_up(), BooksPosition.objects.get().payments_upto))
    assert found == [(1, keys[0]), (1, keys[1]), (0, keys[1])]
    made_final(first)
    assert catch_up() == 0
    monkeypatch.setattr(catching_up, "LOOKED_AT_AGAIN", keys[1])
    assert (catch_up(), BooksPosition.objects.get().payments_upto) == (1, keys[1])
    newest = made_final(shown(waiting_for_money(mia), "49.00"))
    book_payments([newest.pk], now=NOW)
    assert (catch_up(), BooksPosition.objects.get().payments_upto) == (0, newest.pk)
