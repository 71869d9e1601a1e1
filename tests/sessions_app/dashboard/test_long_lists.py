"""Lists ask the database as often for a thousand rows as for ten."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.public_ids import new_page_token, new_session_id
from merchants_app.businesses.switches import forget_switches
from merchants_app.keys.api_keys import create_key
from merchants_app.models import LoggedRequest
from sessions_app.models import CheckoutSession, PaymentLink
from tests.desk import Desk
from tests.operators import Operator

PAGES = ("overview", "sessions", "payments", "events", "requests", "links", "customers")
ADMIN = ("sessions_app/checkoutsession/", "sessions_app/payment/", "webhooks_app/event/")


def copies(of: CheckoutSession, number: int) -> None:
    """Other sessions like it."""
    fields = {field.attname: getattr(of, field.attname) for field in CheckoutSession._meta.concrete_fields}
    CheckoutSession.objects.bulk_create(
        CheckoutSession(**fields | {"id": None, "public_id": new_session_id(), "page_token": new_page_token()})
        for _ in range(number)
    )


def beside(of: CheckoutSession, number: int) -> None:
    """Requests about that session, and payment links."""
    key = of.merchant.api_keys.first() or create_key(merchant=of.merchant, mode="test", name="Shop server")[0]
    path = f"/api/v1/checkout/{of.public_id}/expire"
    LoggedRequest.objects.bulk_create(
        LoggedRequest(merchant=of.merchant, mode="test", key=key, request_id=f"req_{at}", method="POST", path=path,
                      status_code=409, error_code="session_not_open", duration_ms=at, at=timezone.now())
        for at in range(number)
    )  # fmt: skip
    PaymentLink.objects.bulk_create(
        PaymentLink(merchant=of.merchant, mode="test", product_name=f"Link {at}", currency="USD", stock=at + 1)
        for at in range(number)
    )


def asked(client: Client, url: str) -> int:
    """How many queries a page takes."""
    forget_switches()  # what a process remembers for seconds
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_they_ask_as_often_for_a_thousand_rows_as_for_ten(
    desk: Desk, operator: Operator, new_session: Callable[..., CheckoutSession]
) -> None:
    urls = {f"/dashboard/{desk.at}/{page}": desk.client for page in PAGES}
    urls |= {f"/admin/{page}": operator.client for page in ADMIN}
    session = new_session(reference=None)
    copies(session, 9)
    beside(session, 10)
    for url, client in urls.items():
        client.get(url)  # what is cached for good is warm
    few = {url: asked(client, url) for url, client in urls.items()}
    copies(session, 990)
    beside(session, 990)
    assert {url: asked(client, url) for url, client in urls.items()} == few
    assert max(few.values()) <= 24
