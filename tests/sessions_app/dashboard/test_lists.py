"""The list of sessions, and what both lists do alike: what the address says, whole pages both ways, sums."""

from datetime import datetime, timedelta
from decimal import Decimal
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.books.booking import book_payments
from sessions_app.models import CheckoutSession, Payment
from sessions_app.paying.decisions import decide
from sessions_app.scope import SessionScope
from sessions_app.status import DecisionKind
from tests.desk import Desk
from tests.sessions_app.dashboard.listed import desk, names, shop

__all__ = ["desk", "shop"]  # fixtures


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
    assert names(desk, customer=pat.public_id) == names(desk, "payments", customer=pat.public_id) == ["over", "paid"]
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
    with patch("sessions_app.reading.listing.LOOKED_THROUGH", 2):
        assert names(desk, asset="ETH") == []
        assert names(desk, reference="paid") == ["paid"]


@pytest.mark.parametrize(("page", "module", "whole"), [("sessions", "listing", 5), ("payments", "payment_list", 3)])
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


def test_nothing_can_be_the_most_that_is_asked_for(desk: Desk) -> None:
    assert names(desk, most="0") == []
    assert names(desk, least="0") == names(desk)
