"""A shop is connected by its owner: consent, code, key and endpoint; and whoever is not its owner gets nothing."""

import base64
import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client
from redis import Redis

from merchants_app.models import ApiKey, AuditEntry, Merchant, Role
from tests.cast import Api
from tests.desk import Desk
from tests.strangers.world import own
from webhooks_app.endpoints.endpoints import change_endpoint, create_endpoint
from webhooks_app.endpoints.secrets_at_rest import secrets_in
from webhooks_app.models import WebhookEndpoint
from webhooks_app.pairing import codes
from webhooks_app.pairing.codes import Consent, keep, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_limits")]
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "response_type": "code", "client_id": "https://shop.example", "redirect_uri": "https://shop.example/back?page=pay",
    "scope": "read write", "state": "a-random-state", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    "webhook_url": "https://shop.example/hooks",
}  # fmt: skip


def kept() -> list[bytes]:
    """The codes that wait, as Redis has them."""
    return list(Redis.from_url(settings.REDIS_URL).scan_iter("*pairing:*"))


@pytest.fixture(autouse=True)
def no_former_codes() -> None:
    for name in kept():
        Redis.from_url(settings.REDIS_URL).delete(name)


def led_back(answer: Any) -> dict[str, str]:
    """What the shop is told in its redirect; by whom, too, so that no other installation can pretend to be this one."""
    assert answer.status_code == 200, answer.content.decode()[:900]
    found = re.search(r'content="0;url=([^"]+)"', answer.content.decode())
    assert found
    parts = urlsplit(unescape(found[1]))
    assert (parts.netloc, parts.path) == ("shop.example", "/back")
    told = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert told.pop("page") == "pay"
    assert told.pop("state") == "a-random-state"
    assert told["iss"] == settings.PUBLIC_URL
    return told


def code_by(desk: Desk, **changes: str) -> str:
    return led_back(desk.post("connect", **ASKED | {"answer": "allow"} | changes))["code"]


def redeem(code: str, /, **changes: Any) -> Any:
    sent = {
        "grant_type": "authorization_code", "code": code, "client_id": ASKED["client_id"],
        "redirect_uri": ASKED["redirect_uri"], "code_verifier": VERIFIER,
    }  # fmt: skip
    return Client(enforce_csrf_checks=True).post("/connect/token", sent | changes)


def test_an_owner_connects_a_shop_which_gets_key_and_endpoint(mia: Merchant, desk: Desk) -> None:
    begun = desk.client.get("/connect?" + urlencode(ASKED))
    shown = desk.client.get(begun.headers["Location"]).content.decode()
    assert "Connect shop.example?" in shown
    assert "https://shop.example/hooks" in shown
    (other,) = set(re.findall(r'href="([^"]+/live/connect[^"]+)"', shown))  # both ways to the other mode
    assert desk.client.get(unescape(other)).status_code == 200
    assert not ApiKey.objects.filter(merchant=mia).exists()
    answer = redeem(code_by(desk))
    got = answer.json()
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert (got["token_type"], got["scope"], got["mode"]) == ("Bearer", "read write", "test")
    assert got["business"] == {"id": mia.public_id, "name": mia.name}
    assert Api(got["access_token"]).get("account").status_code == 200
    assert (got["webhook"]["url"], got["webhook"]["secret"][:6]) == ("https://shop.example/hooks", "whsec_")
    assert Api(got["access_token"]).get("webhook-endpoints").status_code == 403  # it was not asked for
    for action in ("shop.allowed", "shop.connected"):
        entry = AuditEntry.objects.get(action=action)
        assert (entry.actor, entry.detail["shop"]) == (desk.user.email, "https://shop.example")


def test_a_code_is_good_once_and_kept_as_its_hash_for_a_moment(desk: Desk) -> None:
    code = code_by(desk)
    redis, (name,) = Redis.from_url(settings.REDIS_URL), kept()
    assert code.encode() not in name + bytes(redis.get(name) or b"")
    assert 0 < int(redis.ttl(name)) <= 120
    assert redeem(code).status_code == 200
    again = redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert own(ApiKey).count() == 1


def test_of_many_who_redeem_it_at_once_one_gets_it() -> None:
    consent = Consent(
        merchant_id=1, mode="test", user_id=1, client="https://shop.example", redirect_uri="", challenge="",
        scopes="read", webhook_url="",
    )  # fmt: skip
    for code in map(str, range(20)):
        keep(code, consent)
        with ThreadPoolExecutor(8) as pool:
            assert [each for each in pool.map(take, [code] * 8) if each] == [consent]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 64}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": "https://shop.example/other"}, "invalid_grant"),
        ({"client_id": "https://other.example"}, "invalid_grant"),
        ({"client_id": "shop"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"code": "\udce4\x00".encode("utf-8", "replace").decode()}, "invalid_grant"),
        ({"code": ["made-up", "again"]}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "“”"}, "unsupported_grant_type"),
    ],
)
def test_whoever_has_the_code_but_did_not_begin_gets_nothing(desk: Desk, changes: dict[str, Any], error: str) -> None:
    answer = redeem(code_by(desk), **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert len(answer.json()["error_description"]) > 15
    assert not own(ApiKey).exists()


WRONG = [
    {"state": ""}, {"state": "short"}, {"code_challenge": ""}, {"code_challenge_method": "plain"},
    {"code_challenge_method": ""}, {"code_challenge": "too-short"}, {"response_type": "token"},
    {"response_type": '"\u201d'}, {"scope": "everything"}, {"client_id": "https://shop.example/"},
    {"client_id": "my shop"}, {"client_id": ""}, {"redirect_uri": "https://evil.example/back"},
    {"redirect_uri": "https://shop.example.evil.example/"}, {"redirect_uri": "https://shop.example@evil.example/"},
    {"redirect_uri": "https://evil.example\\@shop.example/"}, {"redirect_uri": "https://shop.example/#x"},
    {"redirect_uri": "http://shop.example/back"}, {"redirect_uri": 'https://shop.example/"ä'}, {"redirect_uri": ""},
    {"client_id": "http://shop.example", "redirect_uri": "http://shop.example/back"},
    {"client_id": "javascript:alert(1)", "redirect_uri": "javascript:alert(1)"},
    {"client_id": "https://shöp.example", "redirect_uri": "https://shöp.example/"}, {"mode": "both"},
    {"webhook_url": "https://shop.example/" + "x" * 2000}, {"webhook_url": "https://other.example/hooks"},
    {"webhook_url": "https://shop.example/h\n\nThis was the yearly check."}, {"webhook_url": "https://shop.example/#h"},
    {"webhook_url": "https://shop.example/\u202ehooks"},
    {"redirect_uri": "https://shop.example/back?code=evil"}, {"redirect_uri": "https://shop.example/back?a=1&iss=x"},
]  # fmt: skip


@pytest.mark.parametrize("part", [0, 1])  # of one address so many are taken in a minute
def test_a_request_that_is_not_right_leads_nowhere(desk: Desk, part: int) -> None:
    wrong = []
    for changes in WRONG[part::2]:
        asked = ASKED | changes
        for answer in (desk.client.get("/connect", asked), desk.post("connect", **asked, answer="allow")):
            page = answer.content.decode()
            if answer.status_code != 400 or "Nothing was allowed" not in page or "http-equiv" in page:
                wrong.append((changes, answer.status_code))
    assert wrong == []
    assert kept() == []


def test_a_parameter_that_stands_twice_is_refused(desk: Desk) -> None:
    address = "/connect?" + urlencode(ASKED)
    for name in ("redirect_uri", "state", "code_challenge"):
        assert desk.client.get(f"{address}&{name}=https://evil.example").status_code == 400


def test_who_says_no_sends_the_shop_back_without(desk: Desk) -> None:
    assert led_back(desk.post("connect", **ASKED, answer="refuse"))["error"] == "access_denied"
    assert kept() == []


def test_only_owners_are_asked(mia: Merchant, colleague: Callable[..., Desk]) -> None:
    for role in ("developer", "support", "viewer"):
        desk = colleague(role)
        assert desk.client.get("/connect", ASKED).status_code == 403
        assert desk.post("connect", **ASKED, answer="allow").status_code == 403
    assert Client().get("/connect", ASKED).headers["Location"].startswith("/accounts/login/?next=/connect")


def test_an_owner_who_was_taken_out_meanwhile_has_allowed_nothing_though_another_is_there(
    mia: Merchant, colleague: Callable[..., Desk]
) -> None:
    second = colleague("owner")
    code = code_by(second)
    second.user.memberships.filter(merchant=mia).update(role=Role.DEVELOPER)
    answer = redeem(code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert not own(ApiKey).exists()


def test_a_shop_that_is_connected_again_keeps_its_endpoint_and_gets_another_secret(desk: Desk) -> None:
    first, second = (redeem(code_by(desk)).json() for _ in range(2))
    assert own(WebhookEndpoint).count() == 1
    assert first["webhook"]["id"] == second["webhook"]["id"]
    assert first["webhook"]["secret"] != second["webhook"]["secret"]


def test_an_endpoint_where_none_may_be_is_told_before_consent(desk: Desk, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    shop = "https://127.0.0.1"
    asked = ASKED | {"client_id": shop, "redirect_uri": f"{shop}/back", "webhook_url": f"{shop}/hooks"}
    answer = desk.post("connect", **asked, answer="allow")
    assert answer.status_code == 400
    assert "refused" in answer.content.decode()
    assert "error=access_denied" in desk.post("connect", **asked, answer="refuse").content.decode()


def test_an_endpoint_that_the_business_made_by_hand_is_left_alone(mia: Merchant, desk: Desk) -> None:
    by_hand, secret = create_endpoint(
        merchant=mia, mode="test", url=ASKED["webhook_url"], headers={"X-Token": "let-me-in"}, actor="mia@example.com"
    )
    got = redeem(code_by(desk)).json()["webhook"]
    assert got["id"] != by_hand.public_id
    by_hand.refresh_from_db()
    assert (by_hand.client_key, secrets_in(by_hand.secret_encrypted)) == ("", [secret])


def test_a_shop_that_moves_takes_its_own_endpoint_along_and_no_others(mia: Merchant, desk: Desk) -> None:
    twin = {"client_id": "http://127.0.0.1:3000", "redirect_uri": "http://127.0.0.1:3000/back"}
    first = redeem(code_by(desk)).json()["webhook"]
    moved = redeem(code_by(desk, webhook_url="https://shop.example/new")).json()["webhook"]
    assert (moved["id"], moved["url"]) == (first["id"], "https://shop.example/new")
    answer = desk.post("connect", **ASKED | twin | {"webhook_url": "http://127.0.0.1:3000/h", "answer": "allow"})
    code = re.search(r"code=([^&]+)&", answer.content.decode())
    assert code
    other = redeem(code[1], **twin).json()["webhook"]
    assert other["id"] != first["id"]


def test_connecting_again_switches_its_endpoint_on_for_all_events(desk: Desk) -> None:
    first = redeem(code_by(desk)).json()["webhook"]
    endpoint = WebhookEndpoint.objects.get(public_id=first["id"])
    change_endpoint(endpoint=endpoint, actor="mia", events=["checkout.completed"], enabled=False)
    assert redeem(code_by(desk)).json()["webhook"]["id"] == first["id"]
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at, endpoint.events) == (None, [])


def test_no_secret_is_logged_even_for_who_looks_for_faults(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        assert redeem(code_by(desk)).status_code == 200
    assert [word for word in ("sk_test_", "whsec_") if word in caplog.text] == []


def test_a_scope_of_spaces_is_none_said(desk: Desk) -> None:
    assert redeem(code_by(desk, scope=" ")).json()["scope"] == "read write"


def test_while_redis_is_away_a_code_is_not_called_used(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    code = code_by(desk)
    with monkeypatch.context() as patch:
        patch.setitem(settings.CACHES, "default", settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"})
        patch.setattr(codes, "cache", caches.create_connection("default"))
        answer = redeem(code)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert redeem(code).status_code == 200


def test_to_say_no_needs_no_password(desk: Desk) -> None:
    assert led_back(desk.in_("live").post("connect", **ASKED, mode="live", answer="refuse"))["error"] == "access_denied"


def test_in_live_mode_the_password_is_asked_for_once_more(desk: Desk) -> None:
    answer = desk.in_("live").post("connect", **ASKED, mode="live", answer="allow")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    live = desk.in_("live").give_password()
    got = redeem(code_by(live, mode="live")).json()
    assert (got["mode"], got["access_token"][:8]) == ("live", "sk_live_")


def test_codes_cannot_be_tried_by_the_thousand() -> None:
    answers = [redeem("made-up") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [400] * 30 + [429]
    assert answers[-1].json()["error"] == "temporarily_unavailable"
    assert int(answers[-1].headers["Retry-After"]) <= 60


def test_programs_find_out_where_all_this_is(client: Client) -> None:
    said = client.get("/.well-known/oauth-authorization-server").json()
    assert said["issuer"] == settings.PUBLIC_URL
    assert said["authorization_endpoint"] == settings.PUBLIC_URL + "/connect"
    assert said["token_endpoint"] == settings.PUBLIC_URL + "/connect/token"
    assert said["code_challenge_methods_supported"] == ["S256"]
