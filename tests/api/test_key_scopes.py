"""Which scope each call needs, written out by hand, and that nothing else opens it."""

from typing import Any

import pytest
from django.test import Client

from merchants_app.keys.api_keys import create_key
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from tests.cast import Api, refreshed, terms
from tests.strangers.row import calls
from tests.strangers.world import own
from webhooks_app.models import Delivery, WebhookEndpoint

ALL = {"read", "write", "webhooks", "decide"}
NEEDED = {
    ("get", "checkout"): "read",
    ("post", "checkout"): "write",
    ("get", "checkout/sessions/<str:pk>"): "read",
    ("get", "checkout/<str:pk>/payments"): "read",
    ("get", "currencies"): "read",
    ("patch", "checkout/<str:pk>"): "write",
    ("post", "checkout/<str:pk>/expire"): "write",
    ("post", "checkout/<str:pk>/cancel"): "write",
    ("post", "checkout/<str:pk>/quote"): "write",
    ("post", "checkout/<str:pk>/simulate"): "write",
    ("post", "checkout/<str:pk>/resolve"): "decide",
    ("get", "account"): "read",
    ("post", "sandbox/advance"): "write",
    ("get", "checkout/<str:pk>/refunds"): "read",
    ("post", "checkout/<str:pk>/refunds"): "decide",
    ("get", "refunds/<str:pk>"): "read",
    ("post", "refunds/<str:pk>/sent"): "decide",
    ("post", "refunds/<str:pk>/simulate"): "decide",
    ("post", "refunds/<str:pk>/withdraw"): "decide",
    ("get", "issues"): "read",
    ("get", "payment-links"): "read",
    ("post", "payment-links"): "write",
    ("get", "payment-links/<str:pk>"): "read",
    ("patch", "payment-links/<str:pk>"): "write",
    ("delete", "payment-links/<str:pk>"): "write",
    ("get", "customers"): "read",
    ("get", "customers/<str:pk>"): "read",
    ("get", "customers/<str:pk>/export"): "read",
    ("post", "customers/<str:pk>/erase"): "decide",
    ("get", "payment-options"): "read",
    ("get", "webhook-endpoints"): "webhooks",
    ("post", "webhook-endpoints"): "webhooks",
    ("put", "webhook-endpoints"): "webhooks",
    ("get", "webhook-endpoints/<str:pk>"): "webhooks",
    ("patch", "webhook-endpoints/<str:pk>"): "webhooks",
    ("delete", "webhook-endpoints/<str:pk>"): "webhooks",
    ("get", "webhook-endpoints/<str:pk>/deliveries"): "webhooks",
    ("post", "webhook-endpoints/<str:pk>/deliveries/<str:delivery>/resend"): "webhooks",
    ("post", "webhook-endpoints/<str:pk>/resend"): "webhooks",
    ("post", "webhook-endpoints/<str:pk>/test"): "webhooks",
    ("post", "webhook-endpoints/<str:pk>/rotate-secret"): "webhooks",
    ("get", "events"): "read",
    ("get", "events/<str:pk>"): "read",
    ("post", "events/<str:pk>/resend"): "webhooks",
}
EVERY_CALL = pytest.mark.parametrize(("method", "path"), NEEDED)


@pytest.fixture
def limited(api: Api, mia: Merchant) -> Any:
    """The API with a key of Mia's that has these scopes: `limited("read")`."""
    return lambda *scopes, mode="test": api.as_(create_key(merchant=mia, mode=mode, name="x", scopes=scopes)[1])


def call(api: Api, method: str, path: str) -> Any:
    address = path.replace("<str:pk>", "x").replace("<str:delivery>", "y")
    return getattr(api, method)(address, *([{}] if method in {"post", "patch", "put"} else []))


def test_every_call_is_in_the_table() -> None:
    assert {(method, path) for method, path, _ in calls()} == set(NEEDED)


@EVERY_CALL
def test_all_other_scopes_together_do_not_open_it(limited: Any, method: str, path: str) -> None:
    scope = NEEDED[method, path]
    answer = call(limited(*ALL - {scope}), method, path)
    assert answer.status_code == 403
    assert answer.answer["errors"] == [
        {"code": "missing_scope", "attr": None,
         "detail": f"This API key lacks the scope '{scope}'. Make one that has it."}
    ]  # fmt: skip


@EVERY_CALL
def test_its_own_scope_alone_does(limited: Any, method: str, path: str) -> None:
    assert call(limited(NEEDED[method, path]), method, path).status_code not in {401, 403}


def test_a_method_that_an_address_does_not_take_needs_no_scope(limited: Any) -> None:
    answer = limited("read").delete("checkout")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST, HEAD")


def test_the_description_names_the_scope_of_each_call(client: Client) -> None:
    listed = {}
    for path, methods in client.get("/api/schema").json()["paths"].items():
        for method, described in methods.items():
            scope = described["x-scope"]
            assert described["description"].endswith(f"Needs a key with the scope `{scope}`.")
            address = path.removeprefix("/api/v1/").replace("{id}", "<str:pk>").replace("{delivery}", "<str:delivery>")
            listed[method, address] = scope
    assert listed == NEEDED


def test_a_write_only_key_makes_no_endpoint_and_hears_nothing(limited: Any, mia: Merchant) -> None:
    writer = limited("write")
    answer = writer.post("webhook-endpoints", {"url": "http://127.0.0.1:9/thief"})
    assert answer.status_code == 403
    assert "'webhooks'" in answer.answer["errors"][0]["detail"]
    made = writer.post("checkout", terms())
    assert made.status_code == 200
    assert not own(WebhookEndpoint).exists()
    assert not own(Delivery).exists()


def test_a_write_only_key_turns_no_endpoint_of_others_to_itself(limited: Any, mia: Merchant) -> None:
    endpoint = limited("webhooks").post("webhook-endpoints", {"url": "http://127.0.0.1:9/hooks"}).answer
    writer, address = limited("write"), f"webhook-endpoints/{endpoint['id']}"
    answers = [
        writer.get("webhook-endpoints"),
        writer.get(address),
        writer.patch(address, {"url": "http://127.0.0.1:9/thief"}),
        writer.post(f"{address}/rotate-secret"),
        writer.get(f"{address}/deliveries"),
        writer.get("events"),
        writer.delete(address),
    ]
    assert [answer.status_code for answer in answers] == [403] * 7
    kept = own(WebhookEndpoint).get()
    assert (kept.url, kept.deleted_at, kept.previous_secret_until) == ("http://127.0.0.1:9/hooks", None, None)


def test_a_shops_daily_work_needs_read_and_write_only(limited: Any, session: CheckoutSession) -> None:
    shop = limited("read", "write")
    first = shop.post("checkout", terms()).answer["id"]
    second = shop.post("checkout", terms()).answer["id"]
    assert shop.get(f"checkout/sessions/{first}").status_code == 200
    assert len(shop.get("checkout").answer) == 3
    assert shop.post(f"checkout/{first}/expire").status_code == 201
    assert shop.post(f"checkout/{second}/cancel").status_code == 201
    assert shop.post(f"checkout/{session.public_id}/resolve", {"decision": "accept"}).status_code == 403
    assert refreshed(session).status == "open"
