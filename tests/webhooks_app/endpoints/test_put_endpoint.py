"""A plugin saves its settings as often as it likes: one endpoint, and its secret only when it is new."""

from typing import Any

import pytest

from tests.cast import Api
from tests.strangers.world import own
from webhooks_app.models import WebhookEndpoint

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/hooks"


def put(api: Api, **body: Any) -> Any:
    response = api.put("webhook-endpoints", {"url": URL} | body)
    assert response.status_code in {200, 201}, response.content
    return response


def test_saving_twice_makes_one_and_tells_the_secret_once(api: Api) -> None:
    first, again = put(api, events=["checkout.completed"]), put(api, events=["checkout.completed"])
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.answer["secret"].startswith("whsec_")
    assert "secret" not in again.answer
    assert own(WebhookEndpoint).get().public_id == first.answer["id"] == again.answer["id"]


def test_what_is_said_is_changed_and_the_rest_stays(api: Api) -> None:
    put(api, events=["checkout.completed"], headers={"X-Token": "a"})
    changed = put(api, events=[]).answer
    assert (changed["events"], changed["headerNames"]) == ([], ["X-Token"])


def test_a_shops_own_key_finds_it_although_the_url_has_changed(api: Api) -> None:
    first = put(api, clientKey="woo-1").answer
    moved = put(api, clientKey="woo-1", url="http://127.0.0.1:9/moved").answer
    assert (moved["id"], moved["url"], moved["clientKey"]) == (first["id"], "http://127.0.0.1:9/moved", "woo-1")
    other = put(api, clientKey="woo-2", url="http://127.0.0.1:9/moved").answer
    assert other["id"] != first["id"]


def test_one_made_before_takes_the_key(api: Api) -> None:
    made = api.post("webhook-endpoints", {"url": URL}).answer["id"]
    assert put(api, clientKey="woo-1").answer["id"] == made
    assert put(api).answer["id"] == made


def test_one_that_was_deleted_is_made_anew(api: Api) -> None:
    first = put(api, clientKey="woo-1").answer
    api.delete(f"webhook-endpoints/{first['id']}")
    assert put(api, clientKey="woo-1").status_code == 201


def test_another_business_has_its_own(api: Api, otto_key: str) -> None:
    assert put(api, clientKey="woo-1").answer["id"] != put(api.as_(otto_key), clientKey="woo-1").answer["id"]
