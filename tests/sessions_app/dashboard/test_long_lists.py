"""Lists ask the database no oftener for a thousand rows than for ten."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.public_ids import new_public_id
from merchants_app.businesses.switches import forget_switches
from merchants_app.keys.api_keys import create_key
from merchants_app.models import AuditEntry, LoggedRequest, User
from sessions_app.models import CheckoutSession, Decision, PaymentLink
from sessions_app.selling.creation import create_session
from tests.cast import MIAS_WALLET, agreed, merchant
from tests.desk import Desk, owner_of
from tests.operators import EMAIL, PASSWORD, Operator
from tests.sandbox import sandbox_at
from tests.sessions_app.refunding.test_refunds import prepared
from webhooks_app.endpoints.endpoints import create_endpoint
from webhooks_app.models import Delivery, DeliveryAttempt, Event

PAGES = (
    "overview", "sessions", "payments", "payments?status=completed&key=orderId&value=10482&sort=largest", "refunds",
    "decisions", "decisions?least=1&asset=ETH", "decisions/decided", "decisions/decided?actor=mia&least=1&q=pat",
    "customers", "customers?sort=name", "customers?sort=ordered_lately", "customers?sort=largest",
    "customers/{customer}", "links", "books/lines", "collect", "events", "requests", "webhooks", "webhooks/{endpoint}",
    "audit",
)  # fmt: skip
ADMIN = ("sessions_app/checkoutsession/", "sessions_app/payment/", "webhooks_app/event/")
FEW, MANY = 10, 1000


def copies(row: Model, number: int, **changes: Callable[[int], Any]) -> list[Any]:
    """Rows like it, each with values of its own where two must not have the same."""
    fields = [each for each in row._meta.concrete_fields if not each.primary_key]
    kept = {each.attname: getattr(row, each.attname) for each in fields}
    made = (type(row)(**kept | {name: value(at) for name, value in changes.items()}) for at in range(number))
    return type(row)._default_manager.bulk_create(made)


def an_id(prefix: str) -> Callable[[int], str]:
    return lambda _at: new_public_id(prefix)


def keys_of(rows: list[Any]) -> Callable[[int], int]:
    return lambda at: rows[at].pk


def more(of: CheckoutSession, number: int) -> None:
    """So many more sessions that wait for a decision, with all that hangs on one, and of everything else as many."""
    made = copies(of, number, public_id=an_id("cs"), page_token=an_id("pg"))
    theirs, now = {"session_id": keys_of(made)}, timezone.now()
    copies(of.deposit, number, **theirs, address=lambda at: f"0x{made[at].pk:040x}")
    paid = copies(of.payments.get(), number, **theirs, public_id=an_id("pay"))
    copies(of.book_lines.get(), number, **theirs, payment_id=keys_of(paid))
    copies(of.timeline.filter(needs_decision=True).latest("id"), number, **theirs)
    copies(of.refunds.get(), number, **theirs, public_id=an_id("ref"))
    copies(Decision(kind="write_off", issue="overpaid", actor="mia@example.com", decided_at=now), number, **theirs)
    copies(of.customer, number, public_id=an_id("cus"), email=lambda at: f"{made[at].pk}@example.com")
    event = Event.objects.filter(subject=of.public_id).earliest("pk")
    told = copies(event, number, public_id=an_id("evt"), subject=lambda at: made[at].public_id)
    endpoint = of.merchant.webhook_endpoints.get()
    sent = copies(Delivery(endpoint=endpoint, state="failed"), number, public_id=an_id("dlv"), event_id=keys_of(told))
    tried = DeliveryAttempt(started_at=now, duration_ms=9, status_code=500)
    copies(tried, number, delivery_id=keys_of(sent))
    copies(AuditEntry.objects.filter(subject=of.public_id)[0], number)
    merchant, key = of.merchant, of.merchant.api_keys.get()
    request = LoggedRequest(
        merchant=merchant, mode="test", key=key, method="POST", status_code=409, duration_ms=9, at=now
    )
    path = "/api/v1/checkout/{}/expire"
    copies(request, number, request_id=an_id("req"), path=lambda at: path.format(made[at].public_id))
    copies(
        PaymentLink(merchant=merchant, mode="test", product_name="Link", currency="USD"), number, public_id=an_id("pl")
    )


def asked(client: Client, url: str) -> int:
    """How many queries a page takes."""
    forget_switches()  # what a process remembers for seconds
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


@pytest.fixture(scope="module")
def counted(once: None) -> dict[str, tuple[int, int]]:
    """How many queries each list takes, with few rows and with many."""
    with sandbox_at() as sandbox:
        mia = merchant("Mia Coffee", MIAS_WALLET)
        create_key(merchant=mia, mode="test", name="shop")
        session = sandbox.play(create_session(merchant=mia, mode="test", terms=agreed()), "over", asset="USDC")
        prepared(session)
        endpoint, _secret = create_endpoint(merchant=mia, mode="test", url="https://shop.example/", actor="mia")
        words = {"customer": session.customer.public_id, "endpoint": endpoint.public_id}
        desk, operator = Desk(owner_of(mia)), Operator(User.objects.create_superuser(EMAIL, PASSWORD))
        urls = {page: (desk.client, f"/dashboard/{desk.at}/{page.format(**words)}") for page in PAGES}
        urls |= {page: (operator.client, f"/admin/{page}") for page in ADMIN}
        more(session, FEW - 1)
        for client, url in urls.values():
            client.get(url)  # what is cached for good is warm
        few = {page: asked(*of) for page, of in urls.items()}
        more(session, MANY - FEW)
        return {page: (few[page], asked(*of)) for page, of in urls.items()}


@pytest.mark.parametrize("page", [*PAGES, *ADMIN])
def test_it_asks_no_oftener_for_a_thousand_rows_than_for_ten(counted: dict[str, tuple[int, int]], page: str) -> None:
    few, many = counted[page]
    assert many <= few <= 24
