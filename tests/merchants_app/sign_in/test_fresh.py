"""A found browser or a stolen cookie is not enough: who changes sign-in, money or secrets gives the password again."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.core import signing

from merchants_app.models import ApiKey, Member, Merchant, Treasury
from tests.cast import PATS_WALLET
from tests.desk import PASSWORD, Desk
from tests.strangers.world import own
from webhooks_app.endpoints.endpoints import create_endpoint
from webhooks_app.models import WebhookEndpoint

HOOK = {"url": "https://shop.example/hooks", "headers": "X-Token: let-me-in"}
KEY = {"name": "shop", "scopes": ["read"]}


def is_asked(answer: object) -> bool:
    location = getattr(answer, "headers", {}).get("Location", "")
    return location.startswith("/accounts/reauthenticate/?next=%2Fdashboard%2F")


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("keys", KEY),
        ("webhooks", HOOK),
        ("treasury", {"kind": "address", "value": PATS_WALLET}),
        ("treasury/keep", {}),
        ("team", {"email": "thief@example.com", "role": "owner"}),
    ],
)
def test_a_live_change_asks_who_it_is(desk: Desk, page: str, form: dict[str, str]) -> None:
    live = desk.in_("live")
    assert is_asked(live.post(page, **form))
    assert not own(ApiKey).exists()
    assert not own(WebhookEndpoint).exists()
    assert not Treasury.objects.filter(address=PATS_WALLET).exists()
    assert not is_asked(live.give_password().post(page, **form))


@pytest.mark.parametrize(("page", "form"), [("", HOOK), ("/rotate", {})])
def test_a_live_endpoint_is_not_led_elsewhere_by_a_cookie(
    desk: Desk, mia: Merchant, page: str, form: dict[str, str]
) -> None:
    endpoint, _ = create_endpoint(merchant=mia, mode="live", url="https://mia.example/hooks", actor="m")
    assert is_asked(desk.in_("live").post(f"webhooks/{endpoint.public_id}{page}", **form))
    before = endpoint.secret_encrypted
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.secret_encrypted) == ("https://mia.example/hooks", before)


@pytest.mark.parametrize(("page", "form"), [("keys", KEY), ("webhooks", HOOK)])
def test_play_money_asks_for_nothing(desk: Desk, page: str, form: dict[str, str]) -> None:
    assert desk.post(page, **form).status_code == 200


@pytest.mark.parametrize("act", ["role", "remove"])
def test_the_team_is_not_changed_by_a_cookie(desk: Desk, colleague: Callable[..., Desk], act: str) -> None:
    colleague("viewer")
    member = own(Member).get(role="viewer")
    assert is_asked(desk.post(f"team/{member.pk}/{act}", role="owner"))
    member.refresh_from_db()
    assert member.role == "viewer"


def test_the_form_goes_on_by_itself_after_the_password(desk: Desk) -> None:
    live = desk.in_("live")
    question = live.post("webhooks?state=failed", **HOOK)["Location"]
    answer = live.client.post(question, {"password": PASSWORD})
    assert "whsec_" in answer.content.decode()
    assert own(WebhookEndpoint).get().url == HOOK["url"]


def test_a_wrong_password_goes_nowhere(desk: Desk) -> None:
    live = desk.in_("live")
    question = live.post("keys", **KEY)["Location"]
    assert "ncorrect password" in live.client.post(question, {"password": "wrong"}).content.decode()
    assert not own(ApiKey).exists()


def test_what_waits_in_a_session_is_not_readable_in_the_database(desk: Desk) -> None:
    live = desk.in_("live")
    live.post("webhooks", **HOOK)
    kept = Session.objects.get(session_key=live.client.session.session_key)
    assert "let-me-in" in str(kept.get_decoded())
    readable = signing.loads(kept.session_data, salt="django.contrib.sessions.SessionStore", serializer=Readable)
    assert b"let-me-in" not in readable


class Readable:
    """What somebody reads who has the database and the SECRET_KEY, but none of the ENCRYPTION_KEYS."""

    def loads(self, data: bytes) -> bytes:
        return data


def test_who_may_not_is_not_asked_for_a_password(colleague: Callable[..., Desk]) -> None:
    assert colleague("viewer", "live").post("keys", **KEY).status_code == 403


def test_the_forms_of_a_page_shown_after_the_password_lead_to_the_page_itself(desk: Desk) -> None:
    live = desk.in_("live")
    question = live.post("keys", name="shop", scopes=["read"])["Location"]
    shown = live.client.post(question, {"password": PASSWORD}).content.decode()
    assert f'action="/dashboard/{live.at}/keys"' in shown
