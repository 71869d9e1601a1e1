"""Webhook endpoints through the API: made, shown, changed, tried, rotated, removed; and nobody else's."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import override_settings
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from merchants_app.keys.api_keys import revoke_key
from merchants_app.models import ApiKey, AuditEntry, Merchant
from tests.cast import Api
from tests.strangers.world import own
from tests.webhooks_app.receiver import Receiver
from webhooks_app.models import Delivery, DeliveryState, WebhookEndpoint

URL = "https://shop.example/hooks"


def made(api: Api, **changes: Any) -> dict[str, Any]:
    answer = api.post("webhook-endpoints", {"url": URL} | changes)
    assert answer.status_code == 201, answer.content
    return dict(answer.answer)


def faults(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.content
    return {error["attr"]: error["code"] for error in answer.answer["errors"]}


def test_a_new_one_tells_its_secret_once(api: Api) -> None:
    endpoint = made(api, events=["checkout.completed"], headers={"X-Token": "secret-token"})
    assert endpoint["secret"].startswith("whsec_")
    assert (endpoint["url"], endpoint["events"], endpoint["headerNames"]) == (URL, ["checkout.completed"], ["X-Token"])
    shown = api.get(f"webhook-endpoints/{endpoint['id']}")
    assert shown.answer == {name: value for name, value in endpoint.items() if name != "secret"}
    assert "secret-token" not in shown.content.decode()


def test_secret_and_headers_are_encrypted_at_rest(api: Api) -> None:
    endpoint = made(api, headers={"X-Token": "secret-token"})
    row = own(WebhookEndpoint).values().get()
    assert not any(word in str(row) for word in (endpoint["secret"], "secret-token"))


def test_without_events_all_are_meant(api: Api) -> None:
    assert made(api)["events"] == []


def test_the_list_is_the_keys_own(api: Api, mia_live_key: str, otto_key: str) -> None:
    first, second = made(api), made(api)
    assert [each["id"] for each in api.get("webhook-endpoints").answer] == [first["id"], second["id"]]
    assert api.as_(mia_live_key).get("webhook-endpoints").answer == []
    assert api.as_(otto_key).get("webhook-endpoints").answer == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"url": "required"}),
        ({"url": "shop.example"}, {"url": "wrong_scheme"}),
        ({"url": "file:///etc/passwd"}, {"url": "wrong_scheme"}),
        ({"url": "https://me:pw@shop.example/"}, {"url": "credentials"}),
        ({"url": 7}, {"url": "invalid"}),
        ({"url": URL + "x" * 2000}, {"url": "max_length"}),
        ({"url": URL, "events": ["checkout.done"]}, {"events.0": "invalid_choice"}),
        ({"url": URL, "events": "checkout.completed"}, {"events": "not_a_list"}),
        ({"url": URL, "headers": {"Host": "x"}}, {"headers": "wrong_headers"}),
        ({"url": URL, "headers": {"webhook-id": "x"}}, {"headers": "wrong_headers"}),
        ({"url": URL, "headers": {"X-A": "a\r\nX-B: b"}}, {"headers": "wrong_headers"}),
        ({"url": URL, "headers": {"X A": "a"}}, {"headers": "wrong_headers"}),
        ({"url": URL, "headers": {f"X-{n}": "a" for n in range(21)}}, {"headers": "wrong_headers"}),
        ({"url": URL, "headers": ["X-A"]}, {"headers": "not_a_dict"}),
        ({"url": URL, "enabled": True, "colour": "red"}, {"enabled": "unknown_field", "colour": "unknown_field"}),
    ],
)
def test_every_fault_is_named(api: Api, body: dict[str, Any], expected: dict[str, str]) -> None:
    assert faults(api.post("webhook-endpoints", body)) == expected
    assert not own(WebhookEndpoint).exists()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://0x7f.1/", "http://[::ffff:10.0.0.1]/", "http://localhost/",
            "http://169.254.169.254/latest", "https://shop.example:8443/"],
)  # fmt: skip
@override_settings(WEBHOOK_ALLOW_PRIVATE=False)
def test_private_addresses_and_odd_ports_are_refused(api: Api, url: str) -> None:
    assert faults(api.post("webhook-endpoints", {"url": url})) == {"url": "unsafe_url"}


@override_settings(WEBHOOK_ALLOW_PRIVATE=False)
def test_live_events_travel_encrypted(api: Api, mia_live_key: str) -> None:
    assert made(api, url="http://shop.example/hooks")
    refused = api.as_(mia_live_key).post("webhook-endpoints", {"url": "http://shop.example/hooks"})
    assert faults(refused) == {"url": "unsafe_url"}


def test_a_change_leaves_the_rest(api: Api) -> None:
    endpoint = made(api, events=["checkout.completed"], headers={"X-A": "1"})
    path = f"webhook-endpoints/{endpoint['id']}"
    changed = api.patch(path, {"url": "https://shop.example/new"}).answer
    assert (changed["url"], changed["events"]) == ("https://shop.example/new", ["checkout.completed"])
    assert api.patch(path, {"headers": {}, "events": []}).answer["headerNames"] == []
    assert faults(api.patch(path, {"secret": "whsec_mine"})) == {"secret": "unknown_field"}


def test_it_can_be_switched_off_and_on(api: Api) -> None:
    path = f"webhook-endpoints/{made(api)['id']}"
    off = api.patch(path, {"enabled": False}).answer
    assert (off["enabled"], off["disabledReason"]) == (False, "Switched off by hand.")
    assert api.post(f"{path}/resend").status_code == 409
    assert api.patch(path, {"enabled": True}).answer["enabled"] is True


def test_rotating_tells_the_new_secret_and_how_long_the_former_is_valid(api: Api) -> None:
    endpoint = made(api)
    rotated = api.post(f"webhook-endpoints/{endpoint['id']}/rotate-secret").answer
    assert rotated["secret"] != endpoint["secret"]
    assert rotated["previousSecretValidUntil"]


def test_a_deleted_one_is_gone(api: Api) -> None:
    path = f"webhook-endpoints/{made(api)['id']}"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == api.delete(path).status_code == 404
    assert api.get("webhook-endpoints").answer == []


def test_a_test_event_answers_with_its_live_result(api: Api, receiver: Receiver) -> None:
    endpoint = made(api, url=f"{receiver.url}/hooks", events=["checkout.completed"])
    result = api.post(f"webhook-endpoints/{endpoint['id']}/test").answer
    assert (result["status"], result["attempts"][0]["statusCode"]) == ("succeeded", 200)
    told = receiver.messages[0].verified(endpoint["secret"])
    assert (told["type"], told["sequence"], told["id"]) == ("endpoint.test", 1, result["eventId"])


def test_a_test_that_fails_says_why(api: Api, receiver: Receiver) -> None:
    endpoint = made(api, url=f"{receiver.url}/status/404")
    result = api.post(f"webhook-endpoints/{endpoint['id']}/test").answer
    attempt = result["attempts"][0]
    assert (result["status"], attempt["problem"], attempt["answer"]) == ("failed", "not_found", "ok")
    assert "nothing at this path" in attempt["explanation"]
    assert attempt["advice"]


def test_one_delivery_is_sent_again(api: Api, receiver: Receiver) -> None:
    endpoint, other = made(api, url=f"{receiver.url}/hooks"), made(api)
    path = f"webhook-endpoints/{endpoint['id']}"
    delivery = api.post(f"{path}/test").answer["id"]
    assert api.post(f"{path}/deliveries/{delivery}/resend").answer == {"resent": 1}
    assert Delivery.objects.get(public_id=delivery).state == DeliveryState.PENDING
    assert api.post(f"webhook-endpoints/{other['id']}/deliveries/{delivery}/resend").status_code == 404
    api.patch(path, {"enabled": False})
    assert api.post(f"{path}/deliveries/{delivery}/resend").status_code == 409


def test_what_people_do_is_audited(api: Api) -> None:
    endpoint = made(api)
    api.patch(f"webhook-endpoints/{endpoint['id']}", {"enabled": False})
    api.post(f"webhook-endpoints/{endpoint['id']}/rotate-secret")
    api.delete(f"webhook-endpoints/{endpoint['id']}")
    acts = AuditEntry.objects.filter(subject=endpoint["id"]).order_by("id").values_list("action", flat=True)
    assert [act.removeprefix("webhook_endpoint.") for act in acts] == [
        "created", "switched_off", "secret_rotated", "deleted",
    ]  # fmt: skip


CALLS = [
    ("get", ""), ("patch", ""), ("delete", ""), ("get", "/deliveries"), ("post", "/resend"), ("post", "/test"),
    ("post", "/rotate-secret"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "tail"), CALLS)
def test_a_stranger_sees_and_changes_nothing(
    api: Api, mia: Merchant, mia_live_key: str, otto_key: str, method: str, tail: str
) -> None:
    path = f"webhook-endpoints/{made(api)['id']}{tail}"
    body = ({},) if method in {"post", "patch"} else ()
    for key in (otto_key, mia_live_key):
        assert getattr(api.as_(key), method)(path, *body).status_code == 404
    assert getattr(api.as_(""), method)(path, *body).status_code == 401
    revoke_key(ApiKey.objects.get(merchant=mia, mode="test"), by=None)
    assert getattr(api, method)(path, *body).status_code == 401
    assert own(WebhookEndpoint).filter(deleted_at=None, previous_secret_until=None).count() == 1


def test_secrets_sign_for_a_day_however_often_they_are_rotated(api: Api, receiver: Receiver) -> None:
    endpoint = made(api, url=f"{receiver.url}/hooks")
    path = f"webhook-endpoints/{endpoint['id']}"
    secrets = [endpoint["secret"], *(api.post(f"{path}/rotate-secret").answer["secret"] for _ in range(2))]
    api.post(f"{path}/test")
    assert all(receiver.messages[0].verified(secret) for secret in secrets)
    own(WebhookEndpoint).update(previous_secret_until=timezone.now())  # the day is over
    api.post(f"{path}/test")
    assert receiver.messages[1].verified(secrets[-1])
    for former in secrets[:-1]:
        with pytest.raises(WebhookVerificationError):
            receiver.messages[1].verified(former)


def test_after_the_encryption_key_was_lost_secret_and_headers_can_be_renewed(
    api: Api, receiver: Receiver, settings: Any
) -> None:
    path = f"webhook-endpoints/{made(api, url=f'{receiver.url}/hooks', headers={'X-A': '1'})['id']}"
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    def problem() -> str | None:
        return api.post(f"{path}/test").answer["attempts"][0]["problem"]  # type: ignore[no-any-return]

    assert (api.get(path).answer["headerNames"], problem()) == (None, "secret_unreadable")
    secret = api.post(f"{path}/rotate-secret").answer["secret"]
    assert problem() == "headers_unreadable"
    assert api.patch(path, {"headers": {"X-A": "2"}}).answer["headerNames"] == ["X-A"]
    assert problem() is None
    assert receiver.messages[0].verified(secret)


def test_it_tells_how_an_endpoint_does(api: Api) -> None:
    health = made(api)["health"]
    assert (health["attempts"], health["medianMs"], health["nextAttemptAt"]) == (0, None, None)
