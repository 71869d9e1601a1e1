"""Another merchant, the other mode, no key, a revoked key, a missing scope: at every call of the API."""

from typing import Any

import pytest
from django.urls import URLPattern

from checkout_project.urls import api as api_patterns
from merchants_app.api_keys import create_key, revoke_key
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from tests.cast import Api, refreshed

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
CALLS_ON_A_SESSION = pytest.mark.parametrize(
    ("method", "path", "name"), [call for call in calls() if call[2].startswith("session-") and "<" in call[1]]
)


def call(api: Api, method: str, path: str, name: str, thing: str) -> Any:
    address = path.replace("<str:pk>", thing)
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


@CALLS_ON_A_SESSION
def test_another_merchant_finds_nothing(
    api: Api, otto_key: str, session: CheckoutSession, method: str, path: str, name: str
) -> None:
    assert call(api.as_(otto_key), method, path, name, session.public_id).status_code == 404
    assert refreshed(session).updated_at == session.updated_at


@CALLS_ON_A_SESSION
def test_the_other_mode_finds_nothing(
    api: Api, mia_live_key: str, session: CheckoutSession, method: str, path: str, name: str
) -> None:
    assert call(api.as_(mia_live_key), method, path, name, session.public_id).status_code == 404
    assert refreshed(session).updated_at == session.updated_at


def test_lists_show_only_what_is_ones_own(api: Api, otto_key: str, mia_live_key: str, session: CheckoutSession) -> None:
    assert [found["id"] for found in api.get("checkout").answer] == [session.public_id]
    for stranger in (otto_key, mia_live_key):
        assert api.as_(stranger).get("checkout").answer == []
        assert api.as_(stranger).get(f"checkout?after={session.public_id}").status_code == 404
