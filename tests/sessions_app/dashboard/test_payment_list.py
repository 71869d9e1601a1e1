"""The list of payments: what its address says, and what all that match come to."""

from datetime import timedelta
from decimal import Decimal
from time import time
from unittest.mock import patch

import pytest
from django.utils import timezone

from merchants_app.models import Merchant, Treasury
from sessions_app.books.booking import book_payments
from sessions_app.models import CheckoutSession, Payment
from tests.desk import Desk
from tests.merchants_app.treasuries.test_treasuries import XPUB
from tests.sandbox import sandbox_at
from tests.sessions_app.dashboard.listed import desk, names, shop

__all__ = ["desk", "shop"]  # fixtures

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
    ({"status": "open"}, ["short"]),
    ({"issue": "overpaid"}, ["over"]),
    ({"issue": "waits", "asset": "USDC"}, ["over"]),
    ({"issue": "any", "status": "open"}, []),
    ({"email": "PAT@example.com"}, ["over", "paid"]),
    ({"reference": "short"}, ["short"]),
    ({"key": "cartId", "value": "98471"}, ["paid"]),
    ({"key": "cartId"}, ["short", "over", "paid"]),
    ({"link": "pl_x"}, []),
    ({"customer": "cus_x"}, []),
    ({"sort": "oldest"}, ["paid", "over", "short"]),
    ({"sort": "largest"}, ["over", "short", "paid"]),
    ({"sort": "smallest", "status": "completed"}, ["paid", "over"]),
]


@pytest.mark.parametrize(("query", "found"), PAYMENTS, ids=str)
def test_payments_are_listed_as_the_address_says(desk: Desk, query: dict[str, object], found: list[str]) -> None:
    assert names(desk, "payments", **query) == found


def test_what_has_no_worth_is_sorted_below_all_that_has(desk: Desk, shop: Merchant) -> None:
    Payment.objects.filter(merchant=shop, session__reference="over").update(rate=None, value=None)
    assert names(desk, "payments", sort="largest") == ["short", "paid", "over"]
    with patch("sessions_app.dashboard.payments.SIZE", 1):
        second = desk.get("payments?sort=largest").context["shown"].older
        third = desk.get(f"payments?{second}").context["shown"].older
        assert [each.session.reference for each in desk.get(f"payments?{third}").context["shown"].rows] == ["over"]


def test_payments_of_few_sessions_are_looked_for_among_all_and_of_many_among_the_newest(desk: Desk) -> None:
    with patch("sessions_app.reading.payment_list.LOOKED_THROUGH", 1):
        assert names(desk, "payments", email="pat@example.com", asset="ETH") == ["paid"]
        assert names(desk, "payments", issue="overpaid") == ["over"]
        assert names(desk, "payments", status="completed") == names(desk, "payments", sort="smallest")[1:] == []


def test_money_at_plain_addresses_of_an_xpub_counts_as_collected(desk: Desk, shop: Merchant) -> None:
    xpub = Treasury.objects.create(merchant=shop, mode="test", kind="xpub", xpub=XPUB, active_from=timezone.now())
    CheckoutSession.objects.filter(merchant=shop, reference="over").update(treasury=xpub)
    assert names(desk, "payments", state="to_collect") == ["short", "paid"]
    assert names(desk, "payments", state="collected") == ["over"]
    Payment.objects.filter(session__reference="over").update(confirmed_at=None)
    assert names(desk, "payments", state="collected") == []


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
