"""The lists of sessions and payments: what the address says, whole pages both ways, what all that match come to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from time import time
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from merchants_app.models import Merchant, Treasury
from sessions_app.books.booking import book_payments
from sessions_app.models import CheckoutSession, Payment
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.scope import SessionScope
from sessions_app.selling.creation import create_session
from sessions_app.selling.payment_links import create_link, open_link
from sessions_app.status import DecisionKind
from tests.cast import MIAS_WALLET, agreed, merchant
from tests.desk import Desk, owner_of
from tests.merchants_app.treasuries.test_treasuries import XPUB
from tests.sandbox import sandbox_at

NewSession = Callable[..., CheckoutSession]


@pytest.fixture(scope="module")
def shop(once: None) -> Merchant:
    """Five sessions by name: paid, short, over, quiet (in EUR), linked."""
    with sandbox_at() as sandbox:
        mia = merchant("Mia Coffee", MIAS_WALLET)
        made = {}
        for name, more in {
            "paid": {"amount": Decimal(30), "email": "pat@example.com", "metadata": {"cartId": 98471, "shop": "web"}},
            "short": {"amount": Decimal(50), "email": "sam@example.com"},
            "over": {"amount": Decimal(40), "email": "pat@example.com"},
            "quiet": {"amount": Decimal(40), "currency": "EUR", "email": "eve@example.com"},
        }.items():
            made[name] = create_session(
                merchant=mia, mode="test", terms=agreed(reference=name, productName=name, **more)
            )
        link = create_link(
            merchant=mia, mode="test", terms={"amount": Decimal(5), "currency": "USD", "product_name": "Sticker"}
        )
        open_link(link, email="lea@example.com", name="Lea")
        CheckoutSession.objects.filter(pk=made["quiet"].pk).update(opened_at=timezone.now())
        sandbox.play(made["paid"], "exact", asset="ETH")
        sandbox.play(made["over"], "over", asset="USDC")
        choose_option(session=made["short"], asset="USDC", network="sandbox", now=timezone.now())
        sandbox.send_to(CheckoutSession.objects.get(pk=made["short"].pk).deposit.address, "45")
        return mia


@pytest.fixture
def desk(shop: Merchant, db: None) -> Desk:
    """Its owner."""
    return Desk(owner_of(Merchant.objects.get(pk=shop.pk)))


def names(desk: Desk, page: str = "sessions", **query: Any) -> list[str]:
    """The order numbers of the rows that a page shows, in its order; the linked one's is its product."""
    answer = desk.get(f"{page}?{urlencode(query, errors='surrogatepass')}")
    assert answer.status_code == 200
    rows = [getattr(row, "session", row) for row in answer.context["shown"].rows]
    return [row.reference or row.product_name for row in rows]


ALL = ["Sticker", "quiet", "over", "short", "paid"]
FILTERS: list[tuple[dict[str, object], list[str]]] = [
    ({}, ALL),
    ({"status": "completed"}, ["over", "paid"]),
    ({"payment_status": "partial"}, ["short"]),
    ({"issue": "overpaid"}, ["over"]),
    ({"issue": "any"}, ["over"]),
    ({"issue": "waits"}, ["over"]),
    ({"issue": "late"}, []),
    ({"least": "40"}, ["quiet", "over", "short"]),
    ({"most": "39.99"}, ["Sticker", "paid"]),
    ({"least": "30", "most": "40", "currency": "USD"}, ["over", "paid"]),
    ({"currency": "EUR"}, ["quiet"]),
    ({"asset": "ETH"}, ["paid"]),
    ({"asset": "USDC", "network": "sandbox"}, ["over", "short"]),
    ({"network": "sandbox"}, ["over", "short", "paid"]),
    ({"reached": "picked"}, ["over", "short", "paid"]),
    ({"reached": "opened"}, ["quiet", "over", "short", "paid"]),
    ({"email": "PAT@example.com"}, ["over", "paid"]),
    ({"reference": "short"}, ["short"]),
    ({"key": "cartId", "value": "98471"}, ["paid"]),
    ({"key": "shop", "value": "web"}, ["paid"]),
    ({"key": "shop"}, ALL),
    ({"q": "sam@example.com"}, ["short"]),
    ({"q": "40", "currency": "EUR"}, ["quiet"]),
    ({"sort": "oldest"}, ALL[::-1]),
    ({"sort": "largest"}, ["short", "quiet", "over", "paid", "Sticker"]),
    ({"sort": "smallest", "currency": "USD"}, ["Sticker", "paid", "over", "short"]),
    ({"link": "pl_x", "customer": "cus_x", "key": "%", "value": "x"}, []),
    ({"since": "0001-01-01", "until": "9999-12-31"}, ALL),
    ({"q": "9999-12-31"}, []),
    ({"status": "strange", "least": "x", "since": "2026-13-01", "sort": "odd", "link": "x"}, ALL),
]


@pytest.mark.parametrize(("query", "found"), FILTERS, ids=str)
def test_the_list_is_as_its_address_says(desk: Desk, query: dict[str, object], found: list[str]) -> None:
    assert names(desk, **query) == found


def test_a_customers_and_a_links_sessions_are_listed(desk: Desk, shop: Merchant) -> None:
    scope = SessionScope(merchant=shop, mode="test")
    pat = scope.buyer("pat@example.com")
    assert names(desk, customer=pat.public_id) == ["over", "paid"]
    assert names(desk, link=scope.links().get().public_id) == ["Sticker"]


def test_days_are_the_businesss_own(desk: Desk, shop: Merchant) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    Merchant.objects.filter(pk=shop.pk).update(time_zone="Europe/Berlin")
    late = datetime(2026, 3, 1, 23, 30, tzinfo=berlin)
    own_sessions = CheckoutSession.objects.filter(merchant=shop)
    own_sessions.update(created_at=late + timedelta(hours=2))
    own_sessions.filter(reference="quiet").update(created_at=late)
    assert names(desk, since="2026-03-01", until="2026-03-01") == ["quiet"]
    assert len(names(desk, since="2026-03-02")) == 4
    assert names(desk, q="1 Mar 2026") == ["quiet"]


def test_what_is_set_stands_as_a_chip_that_takes_it_away(desk: Desk) -> None:
    answer = desk.get("sessions?status=completed&currency=USD&key=cartId&value=98471&before=9999999&least=")
    chips = {(chip.label, chip.value): chip.without for chip in answer.context["form"].chips()}
    assert chips == {
        ("Status", "Completed"): "currency=USD&key=cartId&value=98471",
        ("Currency", "USD"): "status=completed&key=cartId&value=98471",
        ("cartId", "98471"): "status=completed&currency=USD",
    }


def test_what_is_wrong_is_said_beside_its_field(desk: Desk) -> None:
    text = desk.read("sessions?least=ten")
    assert "Enter a number." in text
    assert '<details class="pick filter" name="lists" open>' in text


@pytest.mark.parametrize("page", ["sessions", "payments"])
def test_a_zero_with_an_exponent_is_zero(desk: Desk, page: str) -> None:
    assert names(desk, page, least="0e99999999999999") == names(desk, page)


@pytest.mark.parametrize("page", ["sessions", "payments"])
@pytest.mark.parametrize("sort", ["newest", "oldest", "largest", "smallest"])
def test_pages_are_turned_both_ways_and_miss_none(desk: Desk, page: str, sort: str) -> None:
    whole = names(desk, page, sort=sort)
    with patch(f"sessions_app.dashboard.{page}.SIZE", 2):
        forth, query = [], f"sort={sort}"
        while query:
            shown = desk.get(f"{page}?{query}").context["shown"]
            forth.append(shown)
            query = shown.older
        back, query = [forth[-1]], forth[-1].newer
        while query:
            back.append(desk.get(f"{page}?{query}").context["shown"])
            query = back[-1].newer
    assert [each.id for page_ in forth for each in page_.rows] == [
        each.id for page_ in back[::-1] for each in page_.rows
    ]
    assert sum(len(each.rows) for each in forth) == len(whole)
    assert (forth[0].newer, forth[0].newest) == ("", "")


def test_totals_are_of_all_that_match_by_currency_and_not_of_the_page(desk: Desk) -> None:
    with patch("sessions_app.dashboard.sessions.SIZE", 1):
        answer = desk.get("sessions")
    listed = answer.context["listed"]
    assert "1 to 1 of 5" in " ".join(answer.content.decode().split())
    assert [(each.currency, each.sessions, each.amount, each.money.received) for each in listed.totals] == [
        ("USD", 4, Decimal(125), Decimal(135)),  # 30 + 60 + 45
        ("EUR", 1, Decimal(40), Decimal(0)),
    ]


def test_what_was_taken_back_and_refunded_stands_beside_what_was_received(desk: Desk, shop: Merchant) -> None:
    Payment.objects.filter(merchant=shop, session__reference="paid").update(vanished_at=timezone.now())
    book_payments(list(Payment.objects.values_list("pk", flat=True)), now=timezone.now())
    over = CheckoutSession.objects.get(merchant=shop, reference="over")
    decide(session=over, kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash=f"0x{'ab' * 32}")
    (total,) = desk.get("sessions?status=completed").context["listed"].totals
    money = total.money
    assert (money.received, money.taken_back, money.refunded) == (Decimal(90), Decimal(30), Decimal(20))
    strip = desk.read("sessions").partition('<dl class="totals">')[2].partition("</dl>")[0]
    assert "<dt>taken back</dt>" in strip
    assert "<dt>refunded</dt>" in strip


def test_beyond_the_limit_totals_say_that_there_are_more(desk: Desk) -> None:
    with patch("sessions_app.reading.list_sql.MOST_SUMMED", 4):
        assert desk.get("sessions").context["listed"].totals is None
        assert desk.get("sessions?currency=USD").context["listed"].totals is not None
        assert "more than 10,000 sessions" in desk.read("sessions")


def test_where_no_index_helps_only_the_newest_are_looked_through(desk: Desk) -> None:
    with patch("sessions_app.reading.list_sql.LOOKED_THROUGH", 2):
        assert names(desk, asset="ETH") == []
        assert names(desk, reference="paid") == ["paid"]


@pytest.mark.parametrize(("page", "module", "whole"), [("sessions", "list_sql", 5), ("payments", "payment_list", 3)])
def test_where_older_ones_were_not_looked_at_it_is_said(desk: Desk, page: str, module: str, whole: int) -> None:
    for query, most in [("asset=ETH", 1), ("currency=USD", whole - 1)]:
        with patch(f"sessions_app.reading.{module}.LOOKED_THROUGH", most):
            assert f"among the newest {most} {page}" in desk.read(f"{page}?{query}")
            for all_of_it in ("", f"{query}&since=2100-01-01"):
                assert "among the newest" not in desk.read(f"{page}?{all_of_it}")
    with patch(f"sessions_app.reading.{module}.LOOKED_THROUGH", whole):
        assert "among the newest" not in desk.read(f"{page}?currency=USD")


def test_what_came_is_told_where_it_is_not_what_was_asked(desk: Desk) -> None:
    text = desk.read("sessions")
    assert text.count("came</small>") == 2  # short and over


PAYMENTS: list[tuple[dict[str, object], list[str]]] = [
    ({}, ["short", "over", "paid"]),
    ({"state": "final"}, ["short", "over", "paid"]),
    ({"state": "confirming"}, []),
    ({"state": "gone"}, []),
    ({"state": "not_counted"}, []),
    ({"state": "to_collect"}, ["short", "over", "paid"]),
    ({"state": "collected"}, []),
    ({"asset": "ETH"}, ["paid"]),
    ({"network": "sandbox", "asset": "USDC"}, ["short", "over"]),
    ({"least": "45", "most": "50"}, ["short"]),
    ({"currency": "EUR"}, []),
    ({"q": "pat@example.com"}, ["over", "paid"]),
    ({"sort": "oldest"}, ["paid", "over", "short"]),
]


@pytest.mark.parametrize(("query", "found"), PAYMENTS, ids=str)
def test_payments_are_listed_as_the_address_says(desk: Desk, query: dict[str, object], found: list[str]) -> None:
    assert names(desk, "payments", **query) == found


def test_money_at_plain_addresses_of_an_xpub_counts_as_collected(desk: Desk, shop: Merchant) -> None:
    xpub = Treasury.objects.create(merchant=shop, mode="test", kind="xpub", xpub=XPUB, active_from=timezone.now())
    CheckoutSession.objects.filter(merchant=shop, reference="over").update(treasury=xpub)
    assert names(desk, "payments", state="to_collect") == ["short", "paid"]
    assert names(desk, "payments", state="collected") == ["over"]
    Payment.objects.filter(session__reference="over").update(confirmed_at=None)
    assert names(desk, "payments", state="collected") == []


def test_nothing_can_be_the_most_that_is_asked_for(desk: Desk) -> None:
    assert names(desk, most="0") == []
    assert names(desk, least="0") == names(desk)


def test_payments_come_to_all_that_was_received_and_what_was_taken_back_stands_beside_it(
    desk: Desk, shop: Merchant
) -> None:
    def totals() -> list[tuple[object, ...]]:
        found = desk.get("payments").context["listed"].totals
        return [
            (each.currency, each.payments, each.money.received, each.money.taken_back, each.money.at_deposits)
            for each in found
        ]

    assert totals() == [("USD", 3, Decimal(135), Decimal(0), Decimal(135))]  # 30 + 60 + 45
    payments = Payment.objects.filter(merchant=shop)
    payments.filter(session__reference="over").update(vanished_at=timezone.now())
    payments.filter(session__reference="paid").update(collected_at=timezone.now())
    book_payments(list(payments.values_list("pk", flat=True)), now=timezone.now())
    assert totals() == [("USD", 3, Decimal(135), Decimal(60), Decimal(45))]


def test_the_overviews_sum_is_the_one_of_the_payments_that_it_leads_to(desk: Desk, shop: Merchant) -> None:
    with sandbox_at(int(time()) + 60) as sandbox:  # past all that has happened so far
        sandbox.play(CheckoutSession.objects.get(merchant=shop, reference="quiet"), "exact", asset="ETH")
        Payment.objects.filter(session__reference="over").update(vanished_at=timezone.now())
        book_payments(list(Payment.objects.values_list("pk", flat=True)), now=timezone.now())
        income = desk.get("overview?range=7d").context["income"]
        listed = desk.get(f"payments?since={timezone.now() - timedelta(days=6):%Y-%m-%d}").context["listed"]
        text = desk.read("payments")
    assert [each.currency for each in listed.totals] == ["USD", "EUR"]
    assert income.money.received > 135 + 40
    assert (listed.together.money.received, listed.together.unknown) == (income.money.received, 0)
    assert listed.together.money.taken_back == income.money.taken_back == 60
    assert "<dt>together, received</dt>" in text


def test_payments_are_under_sessions_in_the_menu_and_switch_mode_in_place(desk: Desk) -> None:
    answer = desk.get("payments")
    current = [link.label for _, links in answer.context["menu"] for link in links if link.current]
    assert current == ["Sessions"]
    assert [url.rpartition("/")[2] for _, url in answer.context["modes"]] == ["payments", "payments"]
