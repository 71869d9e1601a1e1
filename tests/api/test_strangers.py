"""Another merchant, the other mode, no key, a revoked key, a missing scope: at every call of the API."""

from typing import Any

import pytest
from django.urls import URLPattern

from checkout_project.urls import api as api_patterns
from merchants_app.api_keys import create_key, revoke_key
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from tests.cast import Api, refreshed
from webhooks_app.models import Event

_BODIES = {
    "session-quote": {"asset": "USDC", "network": "sandbox"},
    "session-simulate": {"scenario": "exact"},
    "session-resolve": {"decision": "accept"},
}


def calls() -> list[tuple[str, str, str]]:
    """(method, address, name) of every call there is."""
    found = []
    for pattern in api_patterns:
        assert isinstance(pattern, URLPattern)
        methods = getattr(pattern.callback, "actions", {})
        found += [(method, str(pattern.pattern), pattern.name or "") for method in methods if method != "head"]
    return found


EVERY_CALL = pytest.mark.parametrize(("method", "path", "name"), calls(), ids=lambda part: str(part))
CALLS_ON_A_THING = pytest.mark.parametrize(
    ("method", "path", "name"), [call for call in calls() if "<" in call[1]], ids=lambda part: str(part)
)


@pytest.fixture
def things(api: Api, session: CheckoutSession) -> dict[str, str]:
    """Ids of one of each that Mia has in test mode."""
    link = api.post("payment-links", {"currency": "USD", "productName": "Winter box"}).answer
    endpoint = api.post("webhook-endpoints", {"url": "http://127.0.0.1:9/hooks"}).answer
    return {
        "session": session.public_id,
        "link": link["id"],
        "endpoint": endpoint["id"],
        "customer": session.customer.public_id,
        "event": Event.objects.latest("id").public_id,
    }


def call(api: Api, method: str, path: str, name: str, thing: str) -> Any:
    address = path.replace("<str:pk>", thing).replace("<str:delivery>", "dlv_1")
    body = (_BODIES.get(name, {}),) if method in {"post", "patch"} else ()
    return getattr(api, method)(address, *body)


@EVERY_CALL
def test_nobody_gets_in_without_a_key(api: Api, method: str, path: str, name: str) -> None:
    assert call(api.as_(""), method, path, name, "x").status_code == 401


@EVERY_CALL
def test_nobody_gets_in_with_a_revoked_key(api: Api, mia: Merchant, method: str, path: str, name: str) -> None:
    key, secret = create_key(merchant=mia, mode="test", name="old")
    revoke_key(key, by=None)
    assert call(api.as_(secret), method, path, name, "x").status_code == 401


@EVERY_CALL
def test_each_call_needs_its_scope(api: Api, mia: Merchant, method: str, path: str, name: str) -> None:
    other = "write" if method == "get" else "read"
    limited = api.as_(create_key(merchant=mia, mode="test", name="limited", scopes=[other])[1])
    assert call(limited, method, path, name, "x").status_code == 403


@CALLS_ON_A_THING
def test_another_merchant_finds_nothing(
    api: Api, otto_key: str, things: dict[str, str], method: str, path: str, name: str
) -> None:
    assert call(api.as_(otto_key), method, path, name, things[name.partition("-")[0]]).status_code == 404


@CALLS_ON_A_THING
def test_the_other_mode_finds_nothing(
    api: Api, mia_live_key: str, things: dict[str, str], method: str, path: str, name: str
) -> None:
    assert call(api.as_(mia_live_key), method, path, name, things[name.partition("-")[0]]).status_code == 404


def test_a_stranger_changed_nothing(api: Api, otto_key: str, session: CheckoutSession) -> None:
    for end in ("cancel", "expire"):
        api.as_(otto_key).post(f"checkout/{session.public_id}/{end}")
    assert refreshed(session).updated_at == session.updated_at


@pytest.mark.parametrize("path", ["issues", "payment-links", "customers", "webhook-endpoints", "events"])
def test_no_list_shows_anothers(api: Api, otto_key: str, mia_live_key: str, things: dict[str, str], path: str) -> None:
    for stranger in (otto_key, mia_live_key):
        assert api.as_(stranger).get(path).answer == []


def test_lists_show_only_what_is_ones_own(api: Api, otto_key: str, mia_live_key: str, session: CheckoutSession) -> None:
    assert [found["id"] for found in api.get("checkout").answer] == [session.public_id]
    for stranger in (otto_key, mia_live_key):
        assert api.as_(stranger).get("checkout").answer == []
        assert api.as_(stranger).get(f"checkout?after={session.public_id}").status_code == 404
