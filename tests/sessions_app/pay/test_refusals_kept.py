"""What a buyer's page refuses names assets, networks and amounts: no translating browser changes them there either."""

import re
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, PaymentLink
from tests.markup import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(mia: Merchant) -> PaymentLink:
    return PaymentLink.objects.create(
        merchant=mia, mode="test", amount=None, min_amount=Decimal(5), max_amount=Decimal(2500), currency="EUR",
        product_name="Gift",
    )  # fmt: skip


def kept(answer: HttpResponse, sentence: str) -> list[str]:
    """The facts that stand so in the page's paragraph that says the sentence."""
    paragraphs = re.findall(r"<p[^>]*>(?:(?!</p>).)*</p>", answer.content.decode(), re.DOTALL)
    [said] = [each for each in paragraphs if sentence in text_of(each)]
    return facts_of(said)


def facts_of(html: str) -> list[str]:
    """What stands in it as no browser may change it."""
    return re.findall(r'<bdi translate="no">(.*?)</bdi>', html)


@pytest.mark.parametrize(
    ("picked", "sentence", "facts"),
    [
        ({"asset": "DO<b>GE", "network": "sandbox"}, "This cannot be paid in", ["DO&lt;b&gt;GE", "ETH, USDC, USDT"]),
        ({"asset": "USDC", "network": "moon"}, "is not taken on", ["USDC", "moon", "sandbox"]),
    ],
)
def test_so_it_is_when_something_else_is_picked(
    client: Client, session: CheckoutSession, picked: dict[str, str], sentence: str, facts: list[str]
) -> None:
    assert kept(client.post(f"/pay/{session.page_token}/choose", picked), sentence) == facts


def test_so_it_is_with_the_limits_of_a_payment_link(client: Client, link: PaymentLink) -> None:
    assert kept(client.get(f"/l/{link.public_id}"), "both work") == ["5.00", "2,500.00", "EUR", "7.50", "7,50"]


@pytest.mark.parametrize(
    ("typed", "sentence", "facts"),
    [
        ("1", "From 5.00 to 2,500.00 EUR.", ["5.00", "2,500.00", "EUR"]),
        ("1.2.3", "is not clear", ["1.2.3", "1.5"]),
        ("1.500", "Do you mean", ["1500", "1.50"]),
        ("\u20681\u2069x", "Type an amount in digits", ["1.5"]),
    ],
)
def test_so_it_is_with_an_amount_that_is_not_taken(
    client: Client, link: PaymentLink, typed: str, sentence: str, facts: list[str]
) -> None:
    buyer = {"name": "Pat", "email": "pat@example.com", "amount": typed}
    answer = client.post(f"/l/{link.public_id}", buyer)
    page = answer.content.decode()
    [wrong] = re.findall(r'<p class="wrong".*?</p>', page, re.DOTALL)
    assert sentence in text_of(wrong)
    assert facts_of(wrong) == facts


def test_what_is_picked_and_not_offered_becomes_no_link(client: Client, link: PaymentLink) -> None:
    PaymentLink.objects.filter(pk=link.pk).update(quick_amounts=["5.00", "10.00"])
    picked = "\u206ahttps://thief.example\u206bAsk here\u206c"
    buyer = {"name": "Pat", "email": "pat@example.com", "amount": picked, "free": ""}
    answer = client.post(f"/l/{link.public_id}", buyer)
    assert answer.status_code == 400
    assert "Ask here" in text_of(answer.content.decode())
    assert '<a href="https://thief.example' not in answer.content.decode()
