"""The page that makes files: it begins with what a list was narrowed to, and its file has that list's rows."""

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from merchants_app.models import AuditEntry, Merchant
from sessions_app.models import CheckoutSession, Refund
from sessions_app.reading import listing
from tests.cast import OTTOS_WALLET
from tests.desk import Desk, owner_of
from tests.sessions_app.books.conftest import EVIL, rows


@pytest.fixture
def mia(sold: CheckoutSession) -> Merchant:
    return sold.merchant


@pytest.fixture
def sent_back(mia: Merchant) -> None:
    """A refund of each session: of the first it is final, of the second withdrawn."""
    sessions = CheckoutSession.objects.filter(merchant=mia).order_by("id")
    for session, status in zip(sessions, ("confirmed", "withdrawn"), strict=True):
        Refund.objects.create(
            session=session, status=status, kind="amount", rate_basis="paid", network="devchain", asset="USDC",
            decimals=6, amount_units=2_000_000, value=2, rate=Decimal(1), to_address=OTTOS_WALLET, actor="mia",
            prepared_at=timezone.now(), tx_hash=f"0x{session.pk:064x}", log_index=0,
        )  # fmt: skip


def test_a_file_is_a_line_of_the_audit_log(sold: CheckoutSession, mia: Merchant) -> None:
    desk, today = Desk(owner_of(mia)), timezone.now().date()
    form = {"what": "payments", "first": today, "last": today + timedelta(days=1), "format": "csv"}
    answer = desk.post("books/exports", **form)
    assert len(rows(b"".join(answer.streaming_content).decode())) == 2
    entry = AuditEntry.objects.get(merchant=mia, action="books.exported")
    assert (entry.actor, entry.subject, entry.detail["first"]) == ("mia@example.com", "payments", str(today))
    assert "before the first" in desk.post("books/exports", **(form | {"last": "2020-01-01"})).content.decode()
    for what, line in (("statement", b"pot,network"), ("journal", b"Written by Tallystick")):
        answer = desk.post("books/exports", what=what, month=f"{today:%Y-%m}")
        assert line in b"".join(answer.streaming_content)


def test_a_statements_file_is_written_as_its_page_lets_one_choose(sold: CheckoutSession, mia: Merchant) -> None:
    desk, month = Desk(owner_of(mia)), f"{timezone.now():%Y-%m}"
    offered = re.findall(r'<option value="([\w-]+)">CSV', desk.read(f"books?month={month}"))

    def file(style: str) -> str:
        answer = desk.post("books/exports", what="statement", month=month, format=style)
        return b"".join(answer.streaming_content).decode()

    files = {style: file(style) for style in offered}
    assert [files[style][:5] for style in ("csv", "csv-comma", "excel", "excel-comma")] == [
        "pot,n", "pot;n", "\ufeffpot,", "\ufeffpot;"
    ]  # fmt: skip
    plain, comma = rows(files["csv"]), rows(files["csv-comma"], delimiter=";")
    assert [list(row.values()) for row in plain] != [list(row.values()) for row in comma]
    assert plain == [{name: cell.replace(",", ".") for name, cell in row.items()} for row in comma]
    assert file("jsonl") == files["csv"]


@pytest.mark.parametrize("month", ["9999-12", "0001-01", "2026-13", "²026-10"])
def test_a_month_that_nobody_books_is_not_shown(mia: Merchant, month: str) -> None:
    assert Desk(owner_of(mia)).get(f"books?month={month}").status_code == 200
    assert Desk(owner_of(mia)).get(f"books/lines?month={month}").status_code == 200


def test_the_last_day_of_all_is_refused_with_a_sentence(mia: Merchant) -> None:
    form = {"what": "payments", "first": "2026-01-01", "last": "9999-12-31", "format": "csv"}
    assert "Nothing is booked so late" in Desk(owner_of(mia)).post("books/exports", **form).content.decode()


def test_the_form_begins_with_what_a_list_was_narrowed_to(mia: Merchant) -> None:
    asked = "since=2026-10-02&until=2026-10-30&asset=USDC&network=base&what=payments"
    page = Desk(owner_of(mia)).read(f"books/exports?{asked}")
    for field in ('value="2026-10-02"', 'value="2026-10-30"', 'value="USDC"', 'value="base"'):
        assert field in page
    assert re.search(r'value="payments"[^>]* checked', page)
    assert "Make a file" in Desk(owner_of(mia)).read("books/exports?since=20x&until=2026-02-31&what=all")


@pytest.mark.parametrize(
    ("listed", "what", "orders"),
    [
        ("what=sessions", "sessions", [f"'{EVIL}", "'-7"]),
        ("what=sessions&currency=EUR", "sessions", [f"'{EVIL}"]),
        ("what=sessions&asset=ETH&status=completed", "sessions", [f"'{EVIL}", "'-7"]),
        ("what=sessions&asset=USDC", "sessions", []),
        ("what=sessions&key=orderId&value=10482&least=1&q=-7", "sessions", ["'-7"]),
        ("what=sessions&currency=EUR", "payments", [f"'{EVIL}", "'-7"]),
        ("what=payments&currency=EUR&sort=oldest", "payments", [f"'{EVIL}"]),
        ("what=payments&state=to_collect", "payments", ["'-7"]),
        ("what=payments&q=-7", "payments", ["'-7"]),
        ("what=payments&reference=-7&status=completed&sort=largest", "payments", ["'-7"]),
        ("what=refunds", "refunds", [f"'{EVIL}", "'-7"]),
        ("what=refunds&state=final&asset=USDC", "refunds", [f"'{EVIL}"]),
        ("what=refunds&state=withdrawn", "refunds", ["'-7"]),
        ("what=refunds&q=-7", "refunds", ["'-7"]),
        ("what=refunds&state=to_sign", "refunds", []),
    ],
)
def test_a_file_has_the_rows_of_the_list_that_leads_to_it(
    sold: CheckoutSession, mia: Merchant, sent_back: None, listed: str, what: str, orders: list[str]
) -> None:
    today = timezone.now().date()
    days = {"first": f"{today - timedelta(days=1)}", "last": f"{today + timedelta(days=1)}"}
    answer = Desk(owner_of(mia)).post(f"books/exports?{listed}", what=what, format="csv", **days)
    assert [row["order"] for row in rows(b"".join(answer.streaming_content).decode())] == orders


def test_how_the_list_was_narrowed_is_said_and_a_search_that_breaks_off_makes_no_file(
    sold: CheckoutSession, mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, asked = Desk(owner_of(mia)), "books/exports?what=sessions&status=completed&q=pat&since=2026-10-02"
    page = desk.read(asked)
    for said in (
        "So was the list of sessions", "Status: <b>Completed</b>", "Words: <b>pat</b>",
        'href="?what=sessions&amp;q=pat&amp;since=2026-10-02"',
    ):  # fmt: skip
        assert said in page
    monkeypatch.setattr(listing, "MOST_SUMMED", 1)
    answer = desk.post(asked, what="sessions", format="csv", first="2026-01-01", last="2027-01-01")
    assert answer.status_code == 302
    assert "narrow the list down" in desk.read("books/exports")


def test_the_audit_log_keeps_of_a_list_which_filters_it_had_but_nothing_that_was_typed(
    sold: CheckoutSession, mia: Merchant
) -> None:
    typed = dict.fromkeys(("q", "email", "reference", "customer", "key", "value", "unknown"), "pat@example.com")
    today = timezone.now().date()
    listed = urlencode({"what": "sessions", "status": "completed", "least": "5", **typed})
    Desk(owner_of(mia)).post(f"books/exports?{listed}", what="sessions", format="csv", first=today, last=today)
    detail = AuditEntry.objects.get(merchant=mia, action="books.exported").detail
    assert set(detail["listed"]) == {"status=completed", "least=5", *typed.keys() - {"unknown"}}


@pytest.mark.parametrize("what", ["sessions", "events"])
def test_what_is_of_no_asset_cannot_be_narrowed_by_one(mia: Merchant, what: str) -> None:
    form = {"what": what, "first": "2026-01-01", "last": "2026-12-31", "format": "csv", "network": "base"}
    answer = Desk(owner_of(mia)).post("books/exports", **form)
    assert f"A file of {what} cannot be narrowed by it: leave it empty." in answer.content.decode()
