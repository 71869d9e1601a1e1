"""The buyer's page keeps its secret: its URL. And it stays cheap, however often it is asked."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from tests.sandbox import Sandbox
from tests.strangers.world import own

DOORS = ["", "/status", "/qr.svg", "/refund"]
FORMS = ["choose", "renew", "sent", "cancel", "again", "simulate"]


@pytest.fixture
def picked(session: CheckoutSession) -> CheckoutSession:
    """An open session for which USDC was chosen."""
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return session


@pytest.mark.parametrize("door", DOORS)
def test_nothing_is_cached_indexed_or_told_to_other_sites(client: Client, picked: CheckoutSession, door: str) -> None:
    headers = client.get(f"/pay/{picked.page_token}{door}").headers
    assert headers["Cache-Control"] == "no-store, private"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert "script-src 'self'; style-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("door", [*DOORS, "?change=1"])
def test_an_unknown_id_gets_a_friendly_page(client: Client, db: None, door: str) -> None:
    response = client.get(f"/pay/cs_nobodyknowsthis{door}")
    assert response.status_code == 404
    assert "We do not know this payment" in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("form", FORMS)
def test_whoever_loads_a_forms_address_is_led_to_the_page_as_it_was(
    client: Client, picked: CheckoutSession, form: str
) -> None:
    page = f"/pay/{picked.page_token}"
    led = client.get(f"{page}/{form}?from=exchange&lang=de")
    assert (led.status_code, led["Location"]) == (303, f"{page}?from=exchange")
    assert '<html lang="de">' in client.get(led["Location"]).content.decode()
    assert client.put(f"{page}/{form}").status_code == 405
    assert client.post(f"/pay/cs_nobodyknowsthis/{form}").status_code == 404


def test_after_a_refused_form_it_is_the_page_that_loads_itself_again(
    client: Client, picked: CheckoutSession, sandbox: Sandbox
) -> None:
    page = f"/pay/{picked.page_token}"
    sandbox.play(picked, "exact", seconds=1)
    refused = client.post(f"{page}/cancel?from=exchange")
    assert refused.status_code == 409
    assert f'content="5; url={page}?from=exchange"' in refused.content.decode()


def test_a_renewed_price_is_shown_as_the_former_was(client: Client, picked: CheckoutSession) -> None:
    page = f"/pay/{picked.page_token}"
    assert client.post(f"{page}/renew?from=exchange")["Location"] == f"{page}?from=exchange"
    assert client.post(f"{page}/sent?from=exchange&again=1")["Location"] == page


@pytest.mark.parametrize(("scenario", "sentence"), [("", "There is no scenario"), ("<b>", "There is no scenario")])
def test_a_scenario_that_is_none_is_refused(
    client: Client, session: CheckoutSession, scenario: str, sentence: str
) -> None:
    response = client.post(f"/pay/{session.page_token}/simulate", {"scenario": scenario})
    assert response.status_code == 409
    assert sentence in response.content.decode()
    assert "<b>'" not in response.content.decode()


def test_live_money_cannot_be_played(client: Client, picked: CheckoutSession) -> None:
    CheckoutSession.objects.filter(pk=picked.pk).update(mode="live")
    response = client.post(f"/pay/{picked.page_token}/simulate", {"scenario": "exact"})
    assert response.status_code == 409
    html = response.content.decode()
    assert "Play a payment" not in html
    assert "Test mode" not in html


def test_the_status_is_silent_while_nothing_changes(
    client: Client, picked: CheckoutSession, sandbox: Sandbox, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = client.get(f"/pay/{picked.page_token}/status")
    assert first.status_code == 200
    with django_assert_max_num_queries(4):
        again = client.get(f"/pay/{picked.page_token}/status", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    sandbox.play(picked, "short")
    news = client.get(f"/pay/{picked.page_token}/status", headers={"If-None-Match": first.headers["ETag"]})
    assert "44.10 of 49.00 USD arrived" in news.content.decode()


def test_the_code_is_drawn_for_what_is_due(client: Client, picked: CheckoutSession) -> None:
    response = client.get(f"/pay/{picked.page_token}/qr.svg?kind=uri")
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert response.content.startswith(b"<svg")


def test_without_a_choice_there_is_no_code(client: Client, session: CheckoutSession) -> None:
    assert client.get(f"/pay/{session.page_token}/qr.svg").status_code == 404


def test_the_shops_color_is_a_style_sheet_of_its_own_which_may_be_kept(
    client: Client, session: CheckoutSession
) -> None:
    own(Merchant).update(brand_color="#FFdd00")
    page = client.get(f"/pay/{session.page_token}").content.decode()
    [url] = re.findall(r'<link rel="stylesheet" href="(/brand/ffdd00/[^"]+)">', page)
    sheet = client.get(url)
    assert "--merchant: #ffdd00;" in sheet.content.decode()
    assert "max-age=31536000" in sheet.headers["Cache-Control"]
    of_another_server = client.get("/brand/ffdd00/0123456789ab.css")
    assert of_another_server.content == sheet.content
    assert of_another_server.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("color", ["red;}", "12", "", "ffdd00ff"])
def test_what_is_no_color_is_no_style_sheet(client: Client, session: CheckoutSession, color: str) -> None:
    own(Merchant).update(brand_color=color[:7])
    assert client.get(f"/pay/{session.page_token}").status_code == 200
    assert client.get(f"/brand/{color}/0.css").status_code == 404


def test_what_the_shop_wrote_is_never_markup(client: Client, new_session: Callable[..., CheckoutSession]) -> None:
    session = new_session(productName="<script>alert(1)</script>", productDescription='"><img src=x>')
    html = client.get(f"/pay/{session.page_token}").content.decode()
    assert "<script>alert" not in html
    assert "<img src=x>" not in html
