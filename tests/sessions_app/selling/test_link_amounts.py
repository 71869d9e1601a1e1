"""Payment links on which the buyer chooses the amount: proposed ones, limits, and what is typed."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from sessions_app.models import CheckoutSession, PaymentLink
from tests.cast import Api
from tests.desk import Desk
from tests.markup import read
from tests.strangers.world import own

BUYER = {"name": "Pat Payer", "email": "pat@example.com"}
TIP = {"currency": "USD", "productName": "Tip", "quickAmounts": [3, 5, "10.00"], "minAmount": 1, "maxAmount": 500}


@pytest.fixture
def tip(api: Api) -> str:
    """The path of a link with amounts to pick from, and limits."""
    return f"/l/{api.post('payment-links', TIP).answer['id']}"


def test_the_answer_has_what_was_sent(api: Api) -> None:
    made = api.post("payment-links", TIP).answer
    assert made["quickAmounts"] == [Decimal("3.00"), Decimal("5.00"), Decimal("10.00")]
    assert (made["minAmount"], made["maxAmount"], made["amount"]) == (Decimal("1.00"), Decimal("500.00"), None)
    fixed = api.post("payment-links", {"currency": "USD", "productName": "Mug", "amount": 12}).answer
    assert (fixed["quickAmounts"], fixed["minAmount"], fixed["maxAmount"]) == ([], None, None)
    assert fixed["posterUrl"] == f"{fixed['url']}/poster"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"amount": 5}, "quickAmounts", "amount_is_fixed"),
        ({"amount": 5, "quickAmounts": []}, "minAmount", "amount_is_fixed"),
        ({"quickAmounts": [3, "3.00"]}, "quickAmounts", "repeated"),
        ({"quickAmounts": [0.5]}, "quickAmounts", "out_of_range"),
        ({"quickAmounts": [501]}, "quickAmounts", "out_of_range"),
        ({"quickAmounts": [2.555]}, "quickAmounts", "too_many_decimals"),
        ({"quickAmounts": list(range(1, 10))}, "quickAmounts", "max_length"),
        ({"quickAmounts": "3"}, "quickAmounts", "not_a_list"),
        ({"minAmount": 0}, "minAmount", "too_small"),
        ({"minAmount": 1.001}, "minAmount", "too_many_decimals"),
        ({"maxAmount": 0.5, "quickAmounts": []}, "maxAmount", "out_of_range"),
    ],
)
def test_a_wrong_choice_is_named(api: Api, change: dict[str, Any], field: str, code: str) -> None:
    response = api.post("payment-links", TIP | change)
    assert response.status_code == 400
    assert (field, code) in [(error["attr"].partition(".")[0], error["code"]) for error in response.answer["errors"]]


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ({"amount": "5.00"}, "5"),
        ({"amount": "5.00", "free": "7"}, "5"),  # left over in the field that is not shown
        ({"amount": "any", "free": "7,50"}, "7.5"),
        ({"amount": "any", "free": "1"}, "1"),
        ({"amount": "any", "free": "500.00"}, "500"),
    ],
)
def test_the_buyer_picks_or_types(tip: str, client: Client, typed: dict[str, str], amount: str) -> None:
    assert client.post(tip, BUYER | typed).status_code == 302
    assert own(CheckoutSession).get().amount == Decimal(amount)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "This field is required."),
        ({"amount": "4.00"}, "Select a valid choice."),
        ({"amount": "any"}, "Type an amount in digits"),
        ({"amount": "any", "free": "1.500"}, "Do you mean 1500 or 1.50?"),
        ({"amount": "any", "free": "0.99"}, "From 1.00 to 500.00 USD."),
        ({"amount": "any", "free": "500.01"}, "From 1.00 to 500.00 USD."),
        ({"amount": "any", "free": "-5"}, "Type an amount in digits"),
    ],
)
def test_what_cannot_be_taken_is_told_and_what_was_typed_stays(
    tip: str, client: Client, typed: dict[str, str], words: str
) -> None:
    answer = client.post(tip, BUYER | typed)
    page = answer.content.decode()
    assert (answer.status_code, own(CheckoutSession).count()) == (400, 0)
    assert words in read(page)
    assert 'value="Pat Payer"' in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [("0", "Type an amount above zero"), ("9" * 17, "Type an amount above"), ("9" * 40, "Type an amount above")],
)
def test_without_limits_anything_that_can_be_paid_is_taken(api: Api, client: Client, typed: str, words: str) -> None:
    page = f"/l/{api.post('payment-links', {'currency': 'USD', 'productName': 'Tip'}).answer['id']}"
    assert words in client.post(page, BUYER | {"amount": typed}).content.decode()
    assert client.post(page, BUYER | {"amount": "1.234.567,89"}).status_code == 302
    assert own(CheckoutSession).get().amount == Decimal("1234567.89")


def test_the_page_can_be_posted_and_hung_up(tip: str, client: Client, settings: Any) -> None:
    page = client.get(tip).content.decode()
    assert f'<meta property="og:url" content="{settings.PUBLIC_URL}{tip}">' in page
    assert f'content="{settings.PUBLIC_URL}/static/img/link-preview' in page
    assert "From 1.00 to 500.00 USD." in read(page)
    poster = client.get(f"{tip}/poster").content.decode()
    assert f"{tip}/qr.svg" in poster
    assert settings.PUBLIC_URL.partition("://")[2] + tip in poster
    code = client.get(f"{tip}/qr.svg")
    assert (code.headers["Content-Type"], code.content[:4]) == ("image/svg+xml", b"<svg")


def test_limits_and_proposed_amounts_are_set_in_the_dashboard(desk: Desk) -> None:
    desk.post("links", product="Tip", currency="USD", least="1", most="500", quick="3 5, 10.00")
    link = own(PaymentLink).get()
    assert (link.amount, link.min_amount, link.max_amount, link.quick_amounts) == (None, 1, 500, [3, 5, 10])


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"amount": "5", "quick": "3"}, "quick"), ({"amount": "5", "most": "9"}, "most"), ({"least": "0"}, "least"),
        ({"quick": "3 3"}, "quick"), ({"quick": "3 x"}, "quick"), ({"least": "2", "most": "1"}, "most"),
        ({"quick": "1 2 3 4 5 6 7 8 9"}, "quick"),
    ],
)  # fmt: skip
def test_what_is_wrong_of_them_is_said_at_its_field(desk: Desk, typed: dict[str, str], field: str) -> None:
    answer = desk.post("links", product="Tip", currency="USD", **typed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])
    assert '<details class="fold" open>' in answer.content.decode()
    assert not own(PaymentLink).exists()
