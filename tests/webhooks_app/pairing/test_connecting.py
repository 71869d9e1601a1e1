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
from django.test import Client
from redis import Redis

from merchants_app.models import ApiKey, AuditEntry, Member, Merchant, Role
from tests.cast import Api
from tests.desk import Desk
from tests.strangers.world import own
from webhooks_app.models import WebhookEndpoint
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
    """What the shop is told in its redirect."""
    assert answer.status_code == 200, answer.content.decode()[:900]
    found = re.search(r'content="0;url=([^"]+)"', answer.content.decode())
    assert found
    parts = urlsplit(unescape(found[1]))
    assert (parts.netloc, parts.path) == ("shop.example", "/back")
    told = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert told.pop("page") == "pay"
    assert told.pop("state") == "a-random-state"
    return told


def code_by(desk: Desk, **changes: str) -> str:
    return led_back(desk.post("connect", **ASKED | {"answer": "allow"} | changes))["code"]


def redeem(code: str, /, **changes: str) -> Any:
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
    assert answer.headers["Cache-Control"].startswith("no-store") or "no-store" in answer.headers["Cache-Control"]
    assert (got["token_type"], got["scope"], got["mode"]) == ("Bearer", "read write", "test")
    assert got["business"] == {"id": mia.public_id, "name": mia.name}
    assert Api(got["access_token"]).get("account").status_code == 200
    assert (got["webhook"]["url"], got["webhook"]["secret"][:6]) == ("https://shop.example/hooks", "whsec_")
    assert Api(got["access_token"]).get("webhook-endpoints").status_code == 403  # it was not asked for
    entry = AuditEntry.objects.get(action="shop.connected")
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
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "“”"}, "unsupported_grant_type"),
    ],
)
def test_whoever_has_the_code_but_did_not_begin_gets_nothing(desk: Desk, changes: dict[str, str], error: str) -> None:
    answer = redeem(code_by(desk), **changes)
    assert (answer.status_code in {400, 401}, answer.json()["error"]) == (True, error)
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
    {"webhook_url": "https://shop.example/" + "x" * 2000},
]  # fmt: skip


def test_a_request_that_is_not_right_leads_nowhere(desk: Desk) -> None:
    wrong = []
    for changes in WRONG:
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


def test_an_owner_who_was_taken_out_meanwhile_has_allowed_nothing(mia: Merchant, desk: Desk) -> None:
    code = code_by(desk)
    Member.objects.filter(merchant=mia, role=Role.OWNER).update(role=Role.DEVELOPER)
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
    asked = ASKED | {"webhook_url": "https://127.0.0.1/hooks"}
    answer = desk.post("connect", **asked, answer="allow")
    assert answer.status_code == 400
    assert "refused" in answer.content.decode()
    assert led_back(desk.post("connect", **asked, answer="refuse"))["error"] == "access_denied"


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
