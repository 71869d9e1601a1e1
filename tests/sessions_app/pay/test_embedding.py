"""Who may show a buyer's page in a frame, and whose forms it takes: ours, without a cookie, and nobody else's."""

from gzip import compress
from itertools import product
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, PaymentLink
from tests.cast import refreshed
from tests.strangers.world import own

FORMS = ["choose", "renew", "sent", "cancel", "simulate", "refund"]
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://shop.example"},  # may show the page, and may not fill in its forms
    {"Origin": "http://testserver.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.fixture
def strict() -> Client:
    """A browser as Django's own check would have it: without the cookie."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def link(mia: Merchant) -> PaymentLink:
    return PaymentLink.objects.create(merchant=mia, mode="test", currency="USD", amount=5, product_name="Mug")


def allow(mia: Merchant, *origins: str) -> None:
    Merchant.objects.filter(pk=mia.pk).update(embed_origins=list(origins))


@pytest.mark.parametrize(
    ("form", "sent"),
    [*product(FORMS, FOREIGN), *product(["sign", "again", "wallet-code"], [{"Origin": "null"}])],
    ids=lambda part: part if isinstance(part, str) else "-".join(part.values()),
)
def test_a_form_of_another_site_does_nothing_and_is_led_to_ours(
    mia: Merchant, session: CheckoutSession, strict: Client, form: str, sent: dict[str, str]
) -> None:
    allow(mia, "https://shop.example")
    page = f"/pay/{session.page_token}"
    answer = strict.post(f"{page}/{form}", {"asset": "USDC", "network": "sandbox"}, headers=sent)
    assert answer.status_code == 403
    assert f'href="{page}"' in answer.content.decode()
    kept = refreshed(session)
    assert (kept.status, kept.quote) == ("open", None)


@pytest.mark.parametrize("sent", FOREIGN, ids=lambda sent: "-".join(sent.values()))
def test_a_links_form_of_another_site_opens_nothing(link: PaymentLink, strict: Client, sent: dict[str, str]) -> None:
    answer = strict.post(f"/l/{link.public_id}", {"name": "Pat", "email": "pat@example.com"}, headers=sent)
    assert (answer.status_code, own(CheckoutSession).count()) == (403, 0)
    assert f'href="/l/{link.public_id}"' in answer.content.decode()


@pytest.mark.parametrize(
    "sent", [{"Origin": "http://testserver"}, {"Origin": settings.PUBLIC_URL}, {"Sec-Fetch-Site": "same-origin"}, {}]
)
def test_our_own_form_needs_no_cookie(
    session: CheckoutSession, link: PaymentLink, strict: Client, sent: dict[str, str]
) -> None:
    chosen = {"asset": "USDC", "network": "sandbox"}
    assert strict.post(f"/pay/{session.page_token}/choose", chosen, headers=sent).status_code == 303
    buyer = {"name": "Pat", "email": "pat@example.com"}
    assert strict.post(f"/l/{link.public_id}", buyer, headers=sent).status_code == 302


def test_only_the_shops_that_a_business_names_may_show_its_pages(
    client: Client, mia: Merchant, session: CheckoutSession, link: PaymentLink
) -> None:
    pages = [f"/pay/{session.page_token}", f"/pay/{session.page_token}/status", f"/l/{link.public_id}"]
    for page in pages:
        headers = client.get(page).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
    allow(mia, "https://shop.example", "http://localhost:3000")
    for page in pages:
        headers = client.get(page).headers
        policy = headers["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors https://shop.example http://localhost:3000")
        assert "X-Frame-Options" not in headers
    for mode in (CheckoutSession, PaymentLink):
        own(mode).update(mode="live")
    for page in pages:
        assert client.get(page).headers["Content-Security-Policy"].endswith("frame-ancestors https://shop.example")


@pytest.mark.parametrize("page", ["/accounts/login/", "/docs/quick-start", "/pay/nobodys", "/l/nobodys"])
def test_no_other_page_may_be_shown_in_a_frame(client: Client, mia: Merchant, page: str) -> None:
    allow(mia, "https://shop.example")
    headers = client.get(page).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_in_a_frame_the_page_has_no_frame_of_its_own_and_knows_whom_to_tell(
    client: Client, mia: Merchant, session: CheckoutSession
) -> None:
    allow(mia, "https://shop.example")
    page = f"/pay/{session.page_token}"
    framed = client.get(page, headers={"Sec-Fetch-Dest": "iframe"}).content.decode()
    assert 'class="embedded"' in framed
    assert 'data-shops="https://shop.example"' in framed
    assert "js/pay/embedded" in framed
    alone = client.get(page, headers={"Sec-Fetch-Dest": "document"}).content.decode()
    assert "shop.example:" not in alone
    assert "embedded" not in alone


def in_a_frame(answer: HttpResponse) -> bool:
    """Whether the shop's page may show it, and hears from it."""
    policy, page = answer.headers["Content-Security-Policy"], answer.content.decode()
    may_show = policy.endswith("frame-ancestors https://shop.example") and "X-Frame-Options" not in answer.headers
    return may_show and 'data-shops="https://shop.example"' in page and 'class="embedded"' in page


@pytest.mark.parametrize(("fault", "status"), [(RuntimeError(), 500), (OperationalError(), 503), (BadRequest(), 400)])
def test_what_goes_wrong_in_a_shops_frame_is_told_in_it(
    client: Client, mia: Merchant, session: CheckoutSession, link: PaymentLink, fault: Exception, status: int
) -> None:
    allow(mia, "https://shop.example")
    client.raise_request_exception = False
    page = f"/pay/{session.page_token}"
    pages = {
        page: "views.state_of",
        f"{page}?lang=de": "frame.note_choice",
        f"/l/{link.public_id}": "payment_links.closed_because",
    }
    for page, asked in pages.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f"sessions_app.pay.{asked}", Mock(side_effect=fault))
            answer = client.get(page, headers={"Sec-Fetch-Dest": "iframe"})
        assert answer.status_code == status
        assert f'<a class="primary" href="{page.partition("?")[0]}' in answer.content.decode()
        assert in_a_frame(answer)


def test_so_is_what_was_refused_and_what_is_not_there(
    client: Client, mia: Merchant, session: CheckoutSession, link: PaymentLink
) -> None:
    allow(mia, "https://shop.example")
    framed = {"Sec-Fetch-Dest": "iframe"}
    for form in (f"/pay/{session.page_token}/choose", f"/l/{link.public_id}"):
        answer = client.post(form, headers=framed | {"Origin": "null"})
        assert answer.status_code == 403
        assert in_a_frame(answer)
        assert "Test mode" in answer.content.decode()
    assert in_a_frame(client.get(f"/pay/{session.page_token}/refund", headers=framed))


def test_the_script_is_small_cached_and_for_everybody(client: Client) -> None:
    answer = client.get("/tallystick.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Vary"].startswith("Accept-Encoding")
    assert "Set-Cookie" not in answer.headers
    plain = client.get("/tallystick.js")
    source = (settings.BASE_DIR / "static" / "embed" / "tallystick.js").read_bytes()
    assert plain.content == source
    assert len(compress(source)) <= 3 * 1024
    again = client.get("/tallystick.js", headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
