"""Whatever body comes, the answer is never a 5xx, and what is wrong is named. `BODIES=10000 pytest …` tries more."""

import json
import os
from typing import Any
from zlib import crc32

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.selling.creation import create_session
from tests.api.bodies import WritingCall, bodies, writing_calls
from tests.cast import Api, agreed
from tests.sandbox import Sandbox
from tests.strangers.world import own
from webhooks_app.models import Delivery, Event

CLIENT = Client(raise_request_exception=False)
MANY = int(os.environ.get("BODIES", "300"))


@pytest.fixture
def calls(api: Api, mia: Merchant, session: CheckoutSession, sandbox: Sandbox, unlimited: None) -> list[WritingCall]:
    """Every POST, PUT and PATCH, on things that are there."""
    paid = sandbox.play(create_session(merchant=mia, mode="test", terms=agreed()), "exact", asset="USDC")
    made = {
        "checkout": session.public_id,
        "payment-links": api.post("payment-links", {"currency": "USD", "productName": "Mug"}).answer["id"],
        "webhook-endpoints": api.post("webhook-endpoints", {"url": "http://127.0.0.1:9/hooks"}).answer["id"],
        "events": own(Event).latest("id").public_id,
        "customers": session.customer.public_id,
        "refunds": api.post(f"checkout/{paid.public_id}/refunds", {"amount": "all"}).answer["id"],
    }

    def on_what_is_there(path: str) -> str:
        if "{id}" not in path:
            return path
        return path.replace("{id}", made[path.split("/")[3]]).replace("{delivery}", delivery)

    api.post(f"events/{made['events']}/resend")
    delivery = own(Delivery).latest("id").public_id
    found = writing_calls(api.client.get("/api/schema").json())
    return [
        WritingCall(call.name, call.method, on_what_is_there(call.path), call.good)
        for call in found
        if call.name != "send_test_event"  # which sends, for up to 20 s, and reads no body
    ]


@pytest.mark.django_db
@settings(
    max_examples=MANY, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data(), with_key=st.booleans())
def test_no_body_breaks_it_and_every_fault_is_named(
    calls: list[WritingCall], mia_key: str, data: st.DataObject, with_key: bool
) -> None:
    call = data.draw(st.sampled_from(calls))
    body = data.draw(bodies(call.good))
    headers = {"Authorization": f"Bearer {mia_key}"}
    if with_key:
        headers["Idempotency-Key"] = str(crc32(body))
    answer = CLIENT.generic(call.method.upper(), call.path, body, content_type="application/json", headers=headers)
    assert answer.status_code in {200, 201, 400, 404, 409, 413, 422}, answer.content
    if answer.status_code == 400:
        sent = json.loads(answer.content)
        assert sent["errors"]
        assert all(error["detail"] and error["code"] for error in sent["errors"])
        assert all(names_a_part(error) for error in sent["errors"])


def names_a_part(error: dict[str, Any]) -> bool:
    """The field at fault; broken JSON has none (there the sentence says where it breaks), nor what is no object."""
    return bool(error["attr"]) or error["code"] in {"parse_error", "not_an_object"}


def test_what_the_examples_say_is_taken(api: Api, calls: list[WritingCall]) -> None:
    assert len(calls) >= 10
    for call in calls:
        good = {
            name: value for name, value in call.good.items() if name != "expiresAt"
        }  # no day is always within a week
        answer = getattr(api, call.method)(call.path.removeprefix("/api/v1/"), good)
        assert answer.status_code in {200, 201, 409}, (call.name, answer.content)  # 409: not in this state


def test_the_answer_to_broken_bytes_is_itself_text(client: Client, mia_key: str) -> None:
    answer = client.post(
        "/api/v1/checkout",
        data=b'{"\\ud800": 1}',
        content_type="application/json",
        headers={"Authorization": f"Bearer {mia_key}"},
    )
    assert answer.status_code == 400
    assert json.loads(answer.content.decode())["errors"]


@pytest.mark.parametrize(("path", "field"), [("webhook-endpoints", "events"), ("checkout", "allowedAssets")])
def test_thousands_of_wrong_elements_are_one_fault(api: Api, path: str, field: str) -> None:
    answer = api.post(path, {field: [1] * 20_000})
    assert [each["code"] for each in answer.answer["errors"] if each["attr"] == field] == ["max_length"]
    assert len(answer.content) < 5_000
