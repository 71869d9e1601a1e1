"""Money whose worth is learned late: lines of no known worth are taken back and written anew, and count once."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.books.booking import book_payments
from sessions_app.books.definitions import book_sums, worth_by
from sessions_app.books.exports import columns_of, rows_of
from sessions_app.books.statement import statement
from sessions_app.books.tables import TABLES
from sessions_app.books.wishes import Export, Wish
from sessions_app.figures.income import income_of
from sessions_app.figures.ranges import named
from sessions_app.models import BookLine, CheckoutSession, LineKind, Payment
from sessions_app.paying.decisions import decide
from sessions_app.state.expiry import expire_due
from sessions_app.status import DecisionKind
from tests.locks.cases_books import unbooked
from tests.sandbox import Sandbox
from tests.sessions_app.books.test_booking_edges import refund_of

RECEIVED, BACK = LineKind.RECEIVED, LineKind.TAKEN_BACK
COLLECTED, COLLECTED_BACK = LineKind.COLLECTED, LineKind.COLLECTION_TAKEN_BACK
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture
def without_worth(session: CheckoutSession, sandbox: Sandbox) -> Payment:
    """Final and collected before its rate is known."""
    session = sandbox.play(session, "stuck")
    now = timezone.now()
    final = dict.fromkeys(("confirmed_at", "first_confirmed_at", "collected_at"), now) | {"collected_tx": "0x1"}
    payments = Payment.objects.filter(session=session)
    payments.update(**final, value=None, rate=None, basis="none")
    book_payments([payments.get().pk], now=now)
    return payments.get()


@pytest.fixture
def valued_late(without_worth: Payment, sandbox: Sandbox) -> Payment:
    """The same when its rate is known."""
    sandbox.look()
    return Payment.objects.get(pk=without_worth.pk)


def rows(mia: Merchant, what: Export) -> list[dict[str, str]]:
    today = timezone.now().date()
    days = {"first": today - timedelta(days=2), "last": today + timedelta(days=2)}
    wish = Wish(merchant=mia, mode="test", what=what, **days)
    return [dict(zip(columns_of(wish), row, strict=True)) for row in rows_of(TABLES[what](wish))]


def book(mia: Merchant, kind: LineKind, day: date, worth: int | None, **facts: object) -> BookLine:
    number = BookLine.objects.filter(merchant=mia).count()
    facts = {"tx_hash": f"0x{number}"} | facts
    return BookLine.objects.create(
        merchant=mia, mode="test", kind=kind, booked_on=day, at=timezone.now(), network="sandbox", asset="USDC",
        decimals=6, amount_units=1, reporting_currency="USD", reporting_value=worth, **facts,
    )  # fmt: skip


def test_the_file_of_payments_says_what_the_statement_says(valued_late: Payment, mia: Merchant) -> None:
    [row] = rows(mia, Export.PAYMENTS)
    assert valued_late.value
    assert Decimal(row["reporting_value"]) == valued_late.value
    assert row["rate_sources"].endswith("fixed_test_table")
    month = statement(mia, "test", timezone.now().date().replace(day=1), timezone.now())
    assert (month.worth.received, month.worth.taken_back) == (valued_late.value, 0)
    assert (month.unknown, month.unknown_before) == (0, 0)


def test_it_is_one_payment_and_no_movement_of_unknown_worth(valued_late: Payment, mia: Merchant) -> None:
    today = timezone.now().date()
    income = income_of(mia, "test", named("30d", today=today))
    assert (income.unknown, income.money.received) == (0, valued_late.value)
    assert [(share.payments, share.value) for share in income.by_option] == [(1, valued_late.value)]


def test_what_somebody_says_to_have_sent_back_of_it_is_booked_with_it(without_worth: Payment, sandbox: Sandbox) -> None:
    sandbox.skip(hours=3)
    expire_due()
    session = CheckoutSession.objects.get(pk=without_worth.session_id)
    decide(session=session, kind=DecisionKind.REFUNDED, tx_hash="0x" + "ab" * 32, actor="mia")
    told = BookLine.objects.filter(session=session, kind=LineKind.REFUNDED)
    assert not told.exists()
    sandbox.look()
    assert told.get().reporting_value == Payment.objects.get(pk=without_worth.pk).value


def test_the_file_of_refunds_has_the_newest_worth(mia: Merchant, session: CheckoutSession) -> None:
    refund = refund_of(session, 1)
    for turn, (kind, worth) in enumerate(((LineKind.REFUNDED, None), (LineKind.REFUNDED, 7)), start=1):
        book(mia, kind, NOVEMBER, worth, refund=refund, session=refund.session, turn=turn)
    assert [row["reporting_value"] for row in rows(mia, Export.REFUNDS)] == ["7"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([(COLLECTED_BACK, None), (COLLECTED, 5)], [("0", "5")]),
        ([(COLLECTED_BACK, None), (COLLECTED, None)], []),
        ([(COLLECTED_BACK, 5), (COLLECTED, 5)], []),
        ([(COLLECTED_BACK, None)], [("-0.000001", "")]),
        ([(COLLECTED_BACK, None), (COLLECTED, 5), (COLLECTED, None)], [("0.000001", "5")]),
    ],
)
def test_a_collection_whose_worth_is_learned_after_its_month_is_told_of_in_the_next(
    mia: Merchant, lines: list[tuple[LineKind, int | None]], told: list[tuple[str, str]]
) -> None:
    for turn, (kind, worth) in enumerate(lines, start=2):
        book(mia, kind, timezone.now().date(), worth, turn=turn, tx_hash="0x1")
    assert [(row["amount"], row["reporting_value"]) for row in rows(mia, Export.COLLECTIONS)] == told


@pytest.mark.parametrize(
    ("in_november", "in_december", "november", "december"),
    [
        # Of each month: how many of its lines are of no known worth, and how many of those before.
        ([(RECEIVED, None)], [], (1, 0), (0, 1)),
        ([(RECEIVED, None), (BACK, None), (RECEIVED, 5)], [], (0, 0), (0, 0)),
        ([(RECEIVED, None)], [(BACK, None), (RECEIVED, 5)], (1, 0), (0, 0)),
        ([(RECEIVED, None)], [(BACK, None), (RECEIVED, 5), (RECEIVED, None)], (1, 0), (1, 0)),
        ([(RECEIVED, None), (COLLECTED, None)], [(COLLECTED_BACK, None), (BACK, None)], (2, 0), (0, 0)),
        ([(RECEIVED, None)] * 3, [(BACK, None)], (3, 0), (0, 2)),
    ],
)
def test_a_statement_counts_the_lines_of_no_known_worth_that_stand(
    mia: Merchant,
    in_november: list[tuple[LineKind, int | None]],
    in_december: list[tuple[LineKind, int | None]],
    november: tuple[int, int],
    december: tuple[int, int],
) -> None:
    turns: Counter[LineKind] = Counter()
    for month, lines in ((NOVEMBER, in_november), (DECEMBER, in_december)):
        for kind, worth in lines:
            turns[kind] += 1
            book(mia, kind, month, worth, tx_hash="0x1", turn=turns[kind])
    told = [statement(mia, "test", month, timezone.now()) for month in (NOVEMBER, DECEMBER)]
    assert [(each.unknown, each.unknown_before) for each in told] == [november, december]


def test_what_was_taken_back_of_the_days_before_hides_nothing_of_these_days(mia: Merchant) -> None:
    today = timezone.now().date()
    days = named("30d", today=today)
    book(mia, RECEIVED, today - timedelta(days=40), None, tx_hash="0x1")
    book(mia, BACK, today, None, tx_hash="0x1")
    assert (income_of(mia, "test", days).unknown, income_of(mia, "test", days).by_option) == (0, [])
    both = worth_by(book_sums(mia, "test", first=today), "USD")[()]
    assert (both.unknown, both.payments) == (-1, -1)
    book(mia, RECEIVED, today, None, tx_hash="0x2")
    assert income_of(mia, "test", days).unknown == 1


@pytest.mark.parametrize("of", ["payment", "refund", "session"])
def test_a_line_of_before_is_told_by_what_it_is_about(mia: Merchant, of: str) -> None:
    done, back = (LineKind.REFUNDED, LineKind.REFUND_TAKEN_BACK) if of != "payment" else (RECEIVED, BACK)
    payment = unbooked(mia)
    about = {"payment": payment, "refund": refund_of(payment.session, 1), "session": payment.session}[of]
    facts = {of: about, "session": payment.session}
    book(mia, done, NOVEMBER, None, **facts)
    book(mia, back, DECEMBER, None, **facts)
    book(mia, done, DECEMBER, None, turn=2, **facts)
    told = statement(mia, "test", DECEMBER, timezone.now())
    assert (told.unknown, told.unknown_before) == (1, 0)
