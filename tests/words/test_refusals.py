"""What a buyer's door refuses is said in the buyer's language as well: here in German."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants_app.businesses.suspension import suspend
from merchants_app.models import User
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.state import lifecycle
from tests.markup import text_of
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def german(session: CheckoutSession) -> CheckoutSession:
    """Nothing is picked yet."""
    session.locale = "de"
    session.save()
    return session


def picked(session: CheckoutSession) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())


def over(session: CheckoutSession) -> None:
    picked(session)
    lifecycle.cancel(session)


def suspended(session: CheckoutSession) -> None:
    by = User.objects.create_superuser("op@example.com", "correct horse battery")
    suspend(merchant=session.merchant, by=by, reason="Complaints.")


def nothing(_session: CheckoutSession) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "door", "body", "sentence"),
    [
        (nothing, "choose", {"asset": "DOGE", "network": "sandbox"}, "Mit „DOGE“ kann das nicht bezahlt werden"),
        (nothing, "choose", {"asset": "USDC", "network": "moon"}, "USDC wird auf „moon“ nicht angenommen"),
        (suspended, "choose", {"asset": "USDC", "network": "sandbox"}, "Dieser Shop nimmt zurzeit keine Zahlungen an"),
        (over, "choose", {"asset": "USDC", "network": "sandbox"}, "Das war schon vorbei"),
        (nothing, "sent", {"tx_hash": ""}, "Wählen Sie zuerst, womit Sie zahlen."),
        (picked, "sent", {"tx_hash": "0x1"}, "Der Hash einer Transaktion besteht aus 0x und 64 Zeichen"),
    ],
)
def test_a_refusal_is_in_the_pages_language(
    client: Client,
    german: CheckoutSession,
    before: Callable[[CheckoutSession], Any],
    door: str,
    body: dict[str, str],
    sentence: str,
) -> None:
    before(german)
    answer = client.post(f"/pay/{german.page_token}/{door}", body)
    assert answer.status_code == 409
    assert sentence in unescape(text_of(answer.content.decode()))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("0x12", "Eine Adresse beginnt mit 0x und hat danach 40 Zeichen."),
        ("0x" + "g" * 40, "Nach 0x hat eine Adresse nur die Zeichen 0–9 und a–f."),
        ("0x" + "0" * 40, "Das ist die Null-Adresse"),
        ("0x15d34AAf54267DB7D7c367839AAf71A00a2C6A6a", "Die Prüfsumme dieser Adresse stimmt nicht"),
    ],
)
def test_so_is_what_is_wrong_with_a_refund_address(
    client: Client, german: CheckoutSession, sandbox: Sandbox, address: str, sentence: str
) -> None:
    sandbox.play(german, "over")
    answer = client.post(f"/pay/{german.page_token}/refund", {"address": address})
    assert answer.status_code == 400
    assert sentence in unescape(text_of(answer.content.decode()))
