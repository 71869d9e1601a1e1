"""The address of a buyer's page is a secret of its own: the session's id, which every shop's page shows, opens none."""

import pytest
from django.test import Client

from sessions_app.models import CheckoutSession
from tests.cast import MIAS_WALLET, PATS_WALLET, Api, refreshed, terms
from tests.sandbox import Sandbox

PAGES = ["", "/status", "/qr.svg", "/refund"]
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
