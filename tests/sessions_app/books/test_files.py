"""Files of the books: what spreadsheets and programs read of them."""

import csv
import io
import json
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.core.cache import cache
from django.utils import timezone

from chains_app.networks.networks import all_networks
from merchants_app.models import Merchant
from sessions_app.books import downloads
from sessions_app.books.cells import text
from sessions_app.books.downloads import Download, TooManyFiles
from sessions_app.books.exports import file
from sessions_app.books.statement import statement, table
from sessions_app.books.wishes import Export, Wish
from sessions_app.books.writing import Style, written
from sessions_app.collecting import compared, undone
from sessions_app.collecting.collecting import play_collection
from sessions_app.models import BookLine, CheckoutSession, Payment
from tests.desk import Desk, owner_of
from tests.sessions_app.books.conftest import EVIL, rows
from tests.strangers.world import own


@pytest.fixture
def mia(sold: CheckoutSession) -> Merchant:
    return sold.merchant


def read(mia: Merchant, what: Export, style: Style = Style(), **more: object) -> str:  # noqa: B008
    today = timezone.now().date()
    days = {"first": today - timedelta(days=1), "last": today + timedelta(days=1)}
    wish = Wish(**({"merchant": mia, "mode": "test", "what": what} | days | more))  # type: ignore[arg-type]
    return b"".join(file(wish, style)).decode()


def test_payments_have_their_worth_their_rate_and_who_said_so(sold: CheckoutSession, mia: Merchant) -> None:
    first, second = rows(read(mia, Export.PAYMENTS))
    payment = sold.payments.get()
    assert (first["payment"], first["session"]) == (payment.public_id, sold.public_id)
    assert Decimal(first["amount"]) == payment.amount_units.scaleb(-18)
    assert (Decimal(first["value"]), first["currency"]) == (payment.value, "EUR")
    assert (first["reporting_rate"], first["reporting_currency"]) == ("2500", "USD")
    assert Decimal(first["reporting_value"]) == payment.amount_units.scaleb(-18) * 2500
    assert first["rate_sources"].startswith("quote qu")
    assert first["arrived_at [UTC]"] == f"{payment.arrived_at:%Y-%m-%d %H:%M:%S}"
    assert second["reporting_value"] == second["value"]


def test_what_begins_like_a_formula_is_harmless_and_numbers_stay_numbers(sold: CheckoutSession, mia: Merchant) -> None:
    assert [row["order"] for row in rows(read(mia, Export.PAYMENTS))] == [f"'{EVIL}", "'-7"]
    comma = rows(read(mia, Export.PAYMENTS, Style(has_comma=True)), delimiter=";")
    assert comma[0]["reporting_rate"] == "2500"
    assert "," in comma[0]["amount"]
    assert "." not in comma[0]["amount"]


@pytest.mark.parametrize(
    "name", ["x;=H(1)", "x,=H(1)", 'x;"=H(1)', "x\t @H(1)", "x|+1", "x\n=H(1)", "\n=H(1)", "x,＝H(1)", " =H(1)"]
)
def test_no_cell_is_a_formula_whatever_is_taken_for_a_separator(name: str) -> None:
    columns, found = [text("name", "name"), text("next", "next")], []
    for has_comma, separator in product((True, False), ";,\t|"):
        pieces = written(columns, [[name, "b"]], Style(has_comma=has_comma))
        opened = csv.reader(io.StringIO(b"".join(pieces).decode(), newline=""), delimiter=separator)
        found += [cell.strip(' \t\r\n"') for row in opened for cell in row]
    assert [cell for cell in found if cell.startswith(tuple("=+-@＝"))] == []


def test_words_with_signs_inside_stay_as_they_are() -> None:
    named = "Smith-Jones, A+B = C; x@example.com"
    assert named in b"".join(written([text("name", "name")], [[named]], Style())).decode()


def pieces() -> Generator[bytes, None, None]:
    """Of a small file."""
    yield b"a"


def test_a_business_reads_one_file_at_a_time_and_no_reader_holds_its_place_for_ever(
    sold: CheckoutSession, mia: Merchant, otto: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, form = Desk(owner_of(mia)), {"what": "journal", "month": f"{timezone.now():%Y-%m}"}
    answer = desk.post("books/exports", **form)
    assert desk.post("books/exports", **form).status_code == 302
    assert "is being written already" in desk.read("books/exports")
    assert desk.post("books/exports", **(form | {"what": "statement"})).status_code == 200
    others = [Download(pieces(), business=-number) for number in range(1, downloads.AT_ONCE)]
    with pytest.raises(TooManyFiles, match="Other files are being written"):
        Download(pieces(), business=otto.pk)
    assert b"Written by Tallystick" in b"".join(answer.streaming_content)
    monkeypatch.setattr(downloads, "LONGEST_SECONDS", -1.0)
    late = Download(pieces(), business=mia.pk)
    with pytest.raises(TimeoutError):
        next(late)
    Download(pieces(), business=mia.pk)
    assert [next(each) for each in others] == [b"a"] * (downloads.AT_ONCE - 1)


def test_a_spreadsheet_is_told_that_it_is_utf8_where_it_is_wanted(sold: CheckoutSession, mia: Merchant) -> None:
    assert read(mia, Export.EVENTS, Style(has_mark=True)).startswith("\ufeffat [UTC],at_utc,event")
    assert read(mia, Export.EVENTS).startswith("at [UTC],")


def test_lines_of_json_have_texts_as_they_are_and_fiat_as_exact_numbers(sold: CheckoutSession, mia: Merchant) -> None:
    lines = read(mia, Export.LINES, Style(is_json=True)).splitlines()
    told = [json.loads(line, parse_float=Decimal) for line in lines]
    assert [each["kind"] for each in told] == ["received", "collected", "received"]
    assert (told[0]["order"], told[0]["value"]) == (EVIL, sold.payments.get().value)
    assert told[0]["amount"] == str(Decimal(told[0]["amount"]))
    assert told[1]["tx"] == sold.payments.get().collected_tx


@pytest.mark.parametrize("what", list(Export))
def test_every_file_has_rows_of_one_business_in_one_mode(
    what: Export, sold: CheckoutSession, mia: Merchant, otto: Merchant
) -> None:
    found = rows(read(mia, what))
    assert bool(found) == (what != Export.REFUNDS)
    assert all(None not in row and None not in row.values() for row in found)
    assert rows(read(otto, what)) == []
    assert rows(read(mia, what, mode="live")) == []


def test_sessions_have_the_sums_of_their_lines(sold: CheckoutSession, mia: Merchant) -> None:
    row, _ = rows(read(mia, Export.SESSIONS))
    payment = sold.payments.get()
    names = ("received", "collected", "refunded", "reporting_received")
    assert [Decimal(row[name] or 0) for name in names] == [
        payment.value, payment.value, 0, payment.amount_units.scaleb(-18) * 2500
    ]  # fmt: skip
    assert row["reporting_currency"] == "USD"
    assert json.loads(row["metadata"]) == {"orderId": "10482"}
    line = BookLine.objects.get(payment=payment, kind="received")
    line.pk, line.turn, line.reporting_value = None, 2, None
    line.save()
    row, _ = rows(read(mia, Export.SESSIONS))
    assert (Decimal(row["received"]), row["reporting_received"]) == (2 * payment.value, "")
    line.pk, line.turn, line.kind = None, 1, "taken_back"
    line.save()
    row, _ = rows(read(mia, Export.SESSIONS))
    assert Decimal(row["reporting_received"]) == payment.amount_units.scaleb(-18) * 2500


def test_what_a_collection_cost_stands_with_one_of_the_payments_that_it_moved(
    sold: CheckoutSession, mia: Merchant
) -> None:
    own(Payment).update(collected_tx="0xc0")
    BookLine.objects.create(
        merchant=mia, mode="test", kind="network_fee", booked_on=timezone.now().date(), at=timezone.now(), decimals=18,
        network="sandbox", asset="ETH", amount_units=21_000, reporting_currency="USD", reporting_value=3,
        tx_hash="0xc0",
    )  # fmt: skip
    names = ("network_fee", "network_fee_asset", "network_fee_reporting_value")
    found = [[row[name] for name in names] for row in rows(read(mia, Export.PAYMENTS))]
    assert found == [["0.000000000000021", "ETH", "3"], ["", "", ""]]


def test_a_collection_that_the_chain_took_back_is_in_no_sum_of_the_file(
    sold: CheckoutSession, mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,) = rows(read(mia, Export.COLLECTIONS))
    monkeypatch.setattr(undone, "collections_of", lambda network, hashes: dict.fromkeys(hashes))
    undone.take_back_lost(all_networks()["sandbox"], timezone.now())
    assert rows(read(mia, Export.COLLECTIONS)) == []
    sandbox = all_networks()["sandbox"]
    play_collection(merchant=mia, mode="test", network=sandbox, assets=sandbox.assets, by="mia", now=timezone.now())
    (after,) = rows(read(mia, Export.COLLECTIONS))
    amounts = [payment.amount_units.scaleb(-18) for payment in Payment.objects.filter(merchant=mia)]
    assert (before["payments"], Decimal(before["amount"])) == ("1", sold.payments.get().amount_units.scaleb(-18))
    assert (after["payments"], Decimal(after["amount"])) == ("2", sum(amounts))


def test_days_are_the_businesss(sold: CheckoutSession, mia: Merchant) -> None:
    own(Payment).update(arrived_at="2026-10-31T23:30:00Z")
    mia.time_zone = "Europe/Berlin"
    october = read(mia, Export.PAYMENTS, first=date(2026, 10, 1), last=date(2026, 10, 31))
    november = read(mia, Export.PAYMENTS, first=date(2026, 11, 1), last=date(2026, 11, 1))
    assert (len(rows(october)), len(rows(november))) == (0, 2)
    row = rows(november)[0]
    told = row["arrived_at [Europe/Berlin]"], row["arrived_at_utc"]
    assert told == ("2026-11-01 00:30:00", "2026-10-31T23:30:00Z")


def test_a_statement_closes_with_what_was_not_collected(sold: CheckoutSession, mia: Merchant) -> None:
    now = timezone.now()
    found = statement(mia, "test", now.date().replace(day=1), now)
    (row,) = found.rows
    collected, left = (each.payments.get().amount_units.scaleb(-18) for each in CheckoutSession.objects.filter(
        merchant=mia).order_by("id"))  # fmt: skip
    assert (row.opening, row.units.received, row.units.collected) == (0, collected + left, collected)
    assert (row.closing, row.units.through_wallet) == (left, collected)
    after = statement(mia, "test", date(now.year + 1, 1, 1), now)
    assert (after.rows[0].opening, after.closing_worth) == (row.closing, found.closing_worth)
    assert table(found)[1][:3] == ["deposit addresses", "sandbox", "ETH"]


def test_lines_of_a_former_reporting_currency_are_told_of_at_the_opening(sold: CheckoutSession, mia: Merchant) -> None:
    mia.reporting_currency = "CHF"
    now = timezone.now()
    months = now.date().replace(day=1), date(now.year + 1, 1, 1)
    this, later = (statement(mia, "test", month, now) for month in months)
    assert (this.unknown, this.unknown_before) == (0, 0)
    assert (later.currency, later.unknown, later.unknown_before, later.opening_worth) == ("CHF", 0, 3, 0)


def test_the_pages_of_the_books_open_and_ask_as_much_for_many_as_for_few(
    sold: CheckoutSession, mia: Merchant, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    desk = Desk(owner_of(mia))
    for page in ("books", f"books?month={timezone.now():%Y-%m}", "books/exports", "books/lines"):
        assert "Books" in desk.read(page)
    assert "Stays yours" in desk.read(f"books?month={timezone.now():%Y-%m}")
    month, lines = timezone.now().date().replace(day=1), list(BookLine.objects.filter(merchant=mia, kind="received"))
    for number in range(2, 52):
        for line in lines:
            line.pk, line.turn = None, number
        BookLine.objects.bulk_create(lines)
    with django_assert_num_queries(2):
        many = statement(mia, "test", month, timezone.now())
    assert many.lines["received"] == 2 + 100


def test_the_chain_is_asked_once_a_minute_for_a_business(
    mia: Merchant, otto: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Merchant] = []
    monkeypatch.setattr(compared, "compare", lambda merchant, _mode: asked.append(merchant) or [])
    cache.clear()
    pages = [Desk(owner_of(mia)).post("books").content.decode() for _ in range(3)]
    assert ["less than a minute ago" in each for each in pages] == [False, True, True]
    assert "less than a minute ago" not in Desk(owner_of(otto)).post("books").content.decode()
    assert asked == [mia, otto]


def test_lines_of_json_have_truths_and_objects_as_they_are(sold: CheckoutSession, mia: Merchant) -> None:
    def first(what: Export, **more: object) -> dict[str, object]:
        told: dict[str, object] = json.loads(read(mia, what, Style(is_json=True), **more).splitlines()[0])
        return told

    assert first(Export.PAYMENTS)["counts"] is True
    told = first(Export.SESSIONS)
    assert (told["needs_decision"], told["metadata"]) == (False, {"orderId": "10482"})
    masked, whole = first(Export.EVENTS)["data"], first(Export.EVENTS, shows_addresses=True)["data"]
    assert isinstance(masked, dict)
    assert isinstance(whole, dict)
    assert (whole["id"], whole["metadata"]) == (sold.public_id, {"orderId": "10482"})
    assert sold.page_token in whole["url"]
    assert {name: whole[name] for name in whole if masked[name] != whole[name]}.keys() == {
        "successUrl", "cancelUrl", "url",
    }  # fmt: skip
    assert rows(read(mia, Export.PAYMENTS))[0]["counts"] == "true"
