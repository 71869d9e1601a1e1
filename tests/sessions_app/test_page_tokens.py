"""The address of a buyer's page is a secret of its own: the session's id, which every shop's page shows, opens none."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from sessions_app.models import CheckoutSession
from tests.cast import MIAS_WALLET, PATS_WALLET, Api, merchant, refreshed, terms
from tests.sandbox import Sandbox

PAGES = ["", "/status", "/qr.svg", "/brand.css", "/refund"]
FORMS = {
    "/choose": {"asset": "USDC", "network": "sandbox"},
    "/renew": {},
    "/cancel": {},
    "/simulate": {"scenario": "exact"},
    "/refund": {"address": PATS_WALLET},
}


@pytest.mark.parametrize("page", PAGES)
def test_the_id_shows_no_page(client: Client, session: CheckoutSession, sandbox: Sandbox, page: str) -> None:
    sandbox.play(session, "over")
    answer = client.get(f"/pay/{session.public_id}{page}")
    assert answer.status_code == 404
    assert "Mia Coffee" not in answer.content.decode()
    assert client.get(f"/pay/{session.page_token}").status_code == 200


@pytest.mark.parametrize("form", FORMS)
def test_the_id_changes_nothing(client: Client, session: CheckoutSession, form: str) -> None:
    assert client.post(f"/pay/{session.public_id}{form}", FORMS[form]).status_code == 404
    now = refreshed(session)
    assert (now.status, now.quote, now.refund_address) == ("open", None, "")


def test_nobody_moves_a_refund_by_what_a_thank_you_page_shows(
    client: Client, session: CheckoutSession, sandbox: Sandbox
) -> None:
    sandbox.play(session, "over")
    page = client.get(f"/pay/{session.page_token}").content.decode()
    assert f"https://shop.example/thanks?session_id={session.public_id}" in page
    assert client.post(f"/pay/{session.public_id}/refund", {"address": MIAS_WALLET}).status_code == 404
    assert refreshed(session).refund_address == ""


def test_the_api_tells_the_address_of_which_the_id_is_no_part(api: Api, client: Client) -> None:
    told = api.post("checkout", terms()).answer
    token = told["url"].rpartition("/pay/")[2]
    assert token.startswith("pg_")
    assert told["id"].removeprefix("cs_") not in told["url"]
    assert client.get(f"/pay/{token}").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.moves_everybody("the tables are made anew")
def test_addresses_given_out_before_keep_working(client: Client) -> None:
    mia = merchant("Mia Coffee", MIAS_WALLET)
    call_command("migrate", "sessions_app", "0013", verbosity=0)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_OLD_CUSTOMER, {"merchant": mia.pk})
            (customer,) = cursor.fetchone()
            cursor.execute(_OLD_SESSION, {"merchant": mia.pk, "customer": customer})
    finally:
        call_command("migrate", "sessions_app", verbosity=0)
    assert client.get("/pay/cs_given_out_long_ago").status_code == 200
    assert Api().client.get("/pay/cs_never_given_out").status_code == 404


_OLD_CUSTOMER = """
INSERT INTO sessions_app_customer (public_id, merchant_id, mode, email, name, created_at)
VALUES ('cus_long_ago', %(merchant)s, 'test', 'pat@example.com', 'Pat Payer', now()) RETURNING id
"""
_OLD_SESSION = """
INSERT INTO sessions_app_checkoutsession (
    public_id, merchant_id, mode, customer_id, amount, currency, success_url, cancel_url, email, name, metadata,
    product_id, product_name, product_description, allowed_assets, locale, tolerance_percent, tolerance_amount,
    spread_percent, refund_address, status, payment_status, needs_decision, event_count, expires_at, watch_until,
    created_at, updated_at
) VALUES (
    'cs_given_out_long_ago', %(merchant)s, 'test', %(customer)s, 49, 'USD', 'https://shop.example/thanks',
    'https://shop.example/cart', 'pat@example.com', 'Pat Payer', '{}', 'box-1', 'Winter box', '', '{}', '', 1, 1, 0,
    '', 'open', 'unpaid', false, 1, now() + interval '1 hour', now() + interval '8 days', now(), now()
)
"""
