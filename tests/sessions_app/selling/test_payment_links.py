"""Payment links: sold again and again, until stock or time runs out; each buyer has a session of their own."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from common.network.client_address import trusted_proxies
from merchants_app.businesses.money_rules import change_settings
from merchants_app.models import Merchant, Treasury
from merchants_app.requests.idempotency import StillRunning
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.paying.paying_again import BUYER as PAYER
from sessions_app.selling.payment_links import why_closed
from sessions_app.state.lifecycle import cancel
from tests.cast import Api, terms
from tests.strangers.world import own

BUYER = {"name": "Pat Payer", "email": "pat@example.com"}


def body(**changes: Any) -> dict[str, Any]:
    return {"amount": Decimal("12.50"), "currency": "EUR", "productName": "Coffee for two"} | changes


def test_a_link_is_made_shown_changed_and_switched_off(api: Api) -> None:
    made = api.post("payment-links", body(stock=3))
    assert made.status_code == 201
    assert (made.answer["amount"], made.answer["stock"], made.answer["held"]) == (Decimal("12.50"), 3, 0)
    path = f"payment-links/{made.answer['id']}"
    assert api.get("payment-links").answer == [api.get(path).answer]
    assert api.patch(path, {"stock": None}).answer["stock"] is None
    assert api.delete(path).status_code == 204
    assert api.get(path).answer["active"] is False


def test_a_buyer_opens_a_session_by_the_page(api: Api, client: Client) -> None:
    link = api.post("payment-links", body()).answer
    page = client.get(f"/l/{link['id']}")
    assert b"Coffee for two" in page.content
    answer = client.post(f"/l/{link['id']}", BUYER)
    session = own(CheckoutSession).get()
    assert answer.url == f"/pay/{session.page_token}"
    assert (session.amount, session.currency, session.email) == (Decimal("12.5"), "EUR", "pat@example.com")
    assert session.metadata == {"paymentLink": link["id"]}


def test_pressed_twice_it_is_one_session_and_another_word_makes_another(api: Api, client: Client) -> None:
    page = f"/l/{api.post('payment-links', body()).answer['id']}"
    [once] = re.findall(r'name="once" value="([^"]+)"', client.get(page).content.decode())
    first, second = (client.post(page, BUYER | {"once": once}) for _ in range(2))
    assert first.url == second.url == f"/pay/{own(CheckoutSession).get().page_token}"
    assert client.post(page, BUYER | {"once": once, "name": "Nora"}).url != first.url
    assert own(CheckoutSession).count() == 2


def test_a_second_press_while_the_first_is_at_work_is_told_in_the_buyers_words(
    api: Api, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(*_given: object, **_named: object) -> str:
        raise StillRunning("A request with this key is still being worked on.")

    monkeypatch.setattr("sessions_app.pay.payment_links.once", once)
    url = api.post("payment-links", body()).answer["url"]
    answer = client.post(url, BUYER, headers={"Accept-Language": "de"})
    assert answer.status_code == 409
    assert "Versuchen Sie es in einer Minute noch einmal." in answer.content.decode()
    assert "this key" not in answer.content.decode()


def test_the_buyer_chooses_the_amount_where_the_link_has_none(api: Api, client: Client) -> None:
    link = api.post("payment-links", body(amount=None)).answer
    assert client.post(f"/l/{link['id']}", BUYER | {"amount": "7.555"}).status_code == 400
    assert client.post(f"/l/{link['id']}", BUYER | {"amount": "-1"}).status_code == 400
    assert client.post(f"/l/{link['id']}", BUYER | {"amount": "7.55"}).status_code == 302
    assert own(CheckoutSession).get().amount == Decimal("7.55")


def test_a_faulty_form_keeps_what_was_typed_and_names_the_fault(api: Api, client: Client) -> None:
    link = api.post("payment-links", body()).answer
    page = client.post(f"/l/{link['id']}", {"name": "Pat Payer", "email": "nobody"})
    assert page.status_code == 400
    assert b"Enter a valid email address" in page.content
    assert b'value="Pat Payer"' in page.content


def test_an_offer_that_is_over_opens_nothing(api: Api, client: Client) -> None:
    link = api.post("payment-links", body()).answer
    own(PaymentLink).update(ends_at=timezone.now() - timedelta(minutes=1))
    assert b"This offer has ended" in client.get(f"/l/{link['id']}").content
    assert client.post(f"/l/{link['id']}", BUYER).status_code == 409


def test_an_offer_ends_in_the_very_second_that_it_names(api: Api) -> None:
    api.post("payment-links", body())
    link, end = own(PaymentLink).get(), timezone.now()
    link.ends_at = end
    assert why_closed(link, end) == "This offer is over."
    assert why_closed(link, end - timedelta(microseconds=1)) == ""


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"currency": "XXX"}, "currency"),
        ({"stock": 0}, "stock"),
        ({"endsAt": "2020-01-01T00:00:00Z"}, "endsAt"),
        ({"endsAt": "9999-12-31T23:59:59Z"}, "endsAt"),
        ({"allowedAssets": ["DOGE"]}, "allowedAssets"),
        ({"successUrl": "javascript:alert(1)"}, "successUrl"),
        ({"colour": "red"}, "colour"),
        ({"productId": "x" * 201}, "productId"),
        ({"productName": "x" * 251}, "productName"),
        ({"productDescription": "x" * 1001}, "productDescription"),
    ],
)
def test_a_wrong_field_is_named(api: Api, change: dict[str, Any], field: str) -> None:
    response = api.post("payment-links", body(**change))
    assert response.status_code == 400
    assert [error["attr"] for error in response.answer["errors"]] == [field]


@pytest.mark.parametrize("method", ["get", "delete", "patch"])
def test_a_stranger_knows_no_such_link(api: Api, otto_key: str, mia_live_key: str, otto: Merchant, method: str) -> None:
    path = f"payment-links/{api.post('payment-links', body()).answer['id']}"
    for stranger in (Api(otto_key), Api(mia_live_key)):
        call = getattr(stranger, method)
        assert (call(path, {}) if method == "patch" else call(path)).status_code == 404
    assert own(PaymentLink).get().is_active


def test_customers_with_what_they_paid(
    api: Api, otto_key: str, session: CheckoutSession, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.play(session, "exact")
    [customer] = api.get("customers").answer
    nothing = {"takenBack": Decimal("0.00"), "refunded": Decimal("0.00")}
    assert customer["paid"] == [
        {"currency": "USD", "amount": Decimal("49.00"), "sessions": 1, "received": Decimal("49.00"), **nothing}
    ]
    assert api.get(f"customers/{customer['id']}").answer == customer
    assert api.get("customers?email=PAT@example.com").answer == [customer]
    assert Api(otto_key).get("customers").answer == []
    assert Api(otto_key).get(f"customers/{customer['id']}").status_code == 404
    monkeypatch.setattr("sessions_app.books.definitions.MOST_SUMMED", 0)
    unknown = dict.fromkeys(("received", "takenBack", "refunded"))
    assert api.get("customers").answer[0]["paid"] == [customer["paid"][0] | unknown]


def test_customers_come_in_pages(api: Api, new_session: Any) -> None:
    for number in range(3):
        new_session(email=f"pat{number}@example.com")
    first = api.get("customers?limit=2")
    assert [one["email"] for one in first.answer] == ["pat2@example.com", "pat1@example.com"]
    rest = api.client.get(first["Link"].split(">")[0][1:], headers={"Authorization": f"Bearer {api.secret}"})
    assert [one["email"] for one in rest.json()] == ["pat0@example.com"]


def test_the_list_has_pages_and_counts_pieces_in_one_query(
    api: Api, mia: Merchant, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        PaymentLink.objects.create(merchant=mia, mode="test", currency="USD", product_name=f"Box {number}")
    first = api.get("payment-links?limit=2")
    assert [each["productName"] for each in first.answer] == ["Box 4", "Box 3"]
    last = first.answer[-1]["id"]
    assert f"after={last}" in first["Link"]
    with django_assert_num_queries(3):
        rest = api.get(f"payment-links?limit=50&after={last}")
    assert [each["productName"] for each in rest.answer] == ["Box 2", "Box 1", "Box 0"]
    assert "Link" not in rest
    assert api.get("payment-links?after=pl_none").answer["errors"][0]["attr"] == "after"
    assert api.get("payment-links?colour=red").answer["errors"][0]["attr"] == "colour"


def test_nobody_opens_payments_without_end(api: Api, client: Client, settings: Any) -> None:
    settings.RATE_LIMIT_PER_LINK = 2
    page = f"/l/{api.post('payment-links', body(stock=50)).answer['id']}"
    answers = [client.post(page, BUYER) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert own(CheckoutSession).count() == 2


def test_a_link_of_a_merchant_without_a_wallet_says_so(api: Api, client: Client) -> None:
    page = f"/l/{api.post('payment-links', body()).answer['id']}"
    own(Treasury).update(withdrawn_at=timezone.now())
    for answer, status in [(client.get(page), 200), (client.post(page, BUYER), 409)]:
        assert answer.status_code == status
        assert b"This shop cannot take payments at the moment." in answer.content
    assert own(CheckoutSession).count() == 0
    refused = api.post("payment-links", body())
    assert (refused.status_code, refused.answer["errors"][0]["code"]) == (409, "no_treasury")


def test_a_link_of_which_nothing_is_switched_on_says_so_before_it_asks_for_anything(
    api: Api, client: Client, mia: Merchant
) -> None:
    page = f"/l/{api.post('payment-links', body(allowedAssets=['USDT'])).answer['id']}"
    client.post(page, BUYER)
    begun = own(CheckoutSession).get()
    change_settings(merchant=mia, actor="mia", ways_off=["USDT@sandbox"])
    for answer, status in [(client.get(page), 200), (client.post(page, BUYER), 409)]:
        assert answer.status_code == status
        assert b"This shop cannot take payments at the moment." in answer.content
        assert b"Your name" not in answer.content
    cancel(begun, actor=PAYER)
    assert b"Pay again" not in client.get(f"/pay/{begun.page_token}").content
    assert own(CheckoutSession).count() == 1


def test_a_visitor_who_types_a_customers_address_does_not_rename_them(api: Api, client: Client) -> None:
    """Anybody may claim any address: the shop's own server knows better."""
    known = api.post("checkout", terms()).answer
    link = api.post("payment-links", body()).answer
    client.post(f"/l/{link['id']}", {"name": "Mallory", "email": "PAT@example.com"})
    opened = own(CheckoutSession).latest("id")
    assert (opened.name, opened.email) == ("Mallory", "PAT@example.com")
    customer = api.get(f"customers/{known['customerId']}").answer
    assert (customer["name"], customer["email"]) == ("Pat Payer", "pat@example.com")
    assert api.get(f"checkout/sessions/{opened.public_id}").answer["customerId"] == customer["id"]


def test_a_visitor_whom_nobody_knows_becomes_a_customer_with_the_name_they_gave(api: Api, client: Client) -> None:
    link = api.post("payment-links", body()).answer
    for name in ("Pat Payer", "Pat Other"):
        client.post(f"/l/{link['id']}", {"name": name, "email": "pat@example.com"})
    assert [customer["name"] for customer in api.get("customers").answer] == ["Pat Payer"]
    api.post("checkout", terms(name="Pat Married"))
    assert [customer["name"] for customer in api.get("customers").answer] == ["Pat Married"]


def test_behind_two_proxies_each_visitor_has_openings_of_their_own(api: Api, client: Client, settings: Any) -> None:
    settings.RATE_LIMIT_PER_LINK, settings.TRUSTED_PROXIES = 1, trusted_proxies(["2"])
    page = f"/l/{api.post('payment-links', body(stock=50)).answer['id']}"
    chains = ["9.9.9.9, 10.0.0.2", "8.8.8.8, 10.0.0.2", "6.6.6.6, 9.9.9.9, 10.0.0.2"]
    answers = [client.post(page, BUYER, headers={"X-Forwarded-For": chain}).status_code for chain in chains]
    assert answers == [302, 302, 429]
