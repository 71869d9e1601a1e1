"""Lists ask the database as often for a thousand rows as for ten."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from common.public_ids import new_page_token, new_session_id
from sessions_app.models import CheckoutSession
from tests.desk import Desk
from tests.operators import Operator

PAGES = ("overview", "sessions", "payments", "events")
ADMIN = ("sessions_app/checkoutsession/", "sessions_app/payment/", "webhooks_app/event/")


def copies(of: CheckoutSession, number: int) -> None:
    """Other sessions like it."""
    fields = {field.attname: getattr(of, field.attname) for field in CheckoutSession._meta.concrete_fields}
    CheckoutSession.objects.bulk_create(
        CheckoutSession(**fields | {"id": None, "public_id": new_session_id(), "page_token": new_page_token()})
        for _ in range(number)
    )


def asked(client: Client, url: str) -> int:
    """How many queries a page takes."""
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
    for url, client in urls.items():
        client.get(url)  # what is cached for good is warm
    few = {url: asked(client, url) for url, client in urls.items()}
    copies(session, 990)
    assert {url: asked(client, url) for url, client in urls.items()} == few
    assert max(few.values()) <= 24
