"""PATCH of a session: what the buyer is shown and told, while it is open."""

from datetime import timedelta
from typing import Any

import pytest

from sessions_app.models import CheckoutSession, Customer
from sessions_app.state.lifecycle import expire_overdue
from tests.cast import Api, refreshed
from tests.sandbox import Sandbox, events_of
from tests.strangers.world import own
from webhooks_app.models import Event

pytestmark = pytest.mark.django_db
CHANGES: dict[str, Any] = {
    "metadata": {"orderId": "10483", "note": "gift"},
    "email": "ada@example.com",
    "name": "Ada Adler",
    "productName": "Winter box, 2 kg",
    "productDescription": "Six single origins",
    "successUrl": "https://shop.example/thank-you",
    "cancelUrl": "https://shop.example/basket",
}


def test_all_that_may_be_changed_is(api: Api, session: CheckoutSession) -> None:
    answer = api.patch(f"checkout/{session.public_id}", CHANGES)
    assert answer.status_code == 200
    assert {name: answer.answer[name] for name in CHANGES} == CHANGES
    assert answer.answer == api.get(f"checkout/sessions/{session.public_id}").answer
    assert answer.answer["customer"]["id"] == own(Customer).get(email="ada@example.com").public_id
    last = session.timeline.latest("id")
    assert last.reason == ("Changed: successUrl, cancelUrl, email, name, metadata, productName, productDescription.")
    assert last.actor.startswith("API key sk_test_")


def test_what_is_left_out_or_null_stays(api: Api, session: CheckoutSession) -> None:
    answer = api.patch(f"checkout/{session.public_id}", {"productName": "Box", "name": None, "metadata": None}).answer
    assert (answer["productName"], answer["name"], answer["metadata"]) == ("Box", "Pat Payer", {"orderId": "10482"})


@pytest.mark.parametrize("name", ["amount", "currency", "reference", "allowedAssets", "expiresAt"])
def test_what_was_agreed_stays(api: Api, session: CheckoutSession, name: str) -> None:
    response = api.patch(f"checkout/{session.public_id}", {name: 1})
    assert (response.status_code, response.answer["errors"][0]["code"]) == (400, "unknown_field")


@pytest.mark.parametrize("end", ["cancel", "expire"])
def test_one_that_is_over_is_not_changed(api: Api, session: CheckoutSession, end: str) -> None:
    api.post(f"checkout/{session.public_id}/{end}")
    response = api.patch(f"checkout/{session.public_id}", CHANGES)
    [error] = response.answer["errors"]
    assert (response.status_code, error["code"], error["actions"]) == (409, "session_not_open", ["create"])
    assert refreshed(session).name == "Pat Payer"


def test_an_overdue_one_is_expired_and_not_changed(api: Api, session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.skip(minutes=61)
    assert api.patch(f"checkout/{session.public_id}", CHANGES).status_code == 409
    assert refreshed(session).status == "expired"


def test_the_event_of_its_end_shows_what_it_was_changed_to(
    api: Api, session: CheckoutSession, sandbox: Sandbox
) -> None:
    sandbox.skip(seconds=1)
    api.patch(f"checkout/{session.public_id}", CHANGES)
    sandbox.skip(minutes=61)
    assert expire_overdue(10) == 1
    assert events_of(session) == ["created", "expired"]
    data = Event.objects.filter(subject=session.public_id).latest("id").data
    assert {name: data[name] for name in CHANGES} == CHANGES


def test_live_urls_must_be_https(mia_live_key: str, api: Api) -> None:
    body = {"successUrl": "http://shop.example"}
    response = api.as_(mia_live_key).patch("checkout/cs_01h455vb4pex5vsknk084sn02q", body)
    assert response.answer["errors"][0]["code"] == "not_https"


def test_nothing_changed_leaves_no_line(api: Api, session: CheckoutSession) -> None:
    api.patch(f"checkout/{session.public_id}", {"name": "Pat Payer", "metadata": {"orderId": "10482"}})
    assert session.timeline.count() == 1
    assert refreshed(session).updated_at - session.created_at < timedelta(seconds=1)
