"""Signatures, judged by the reference library."""

import time
from base64 import b64decode

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from webhooks_app.signing import headers_for, key_of, new_secret

BODY = '{"a": "ä"}'.encode()


def headers(*secrets: str, sent_at: int | None = None) -> dict[str, str]:
    keys = [key_of(secret) for secret in secrets]
    return headers_for(keys=keys, message_id="evt_1", sent_at=sent_at or int(time.time()), body=BODY)


def test_a_receiver_can_verify_a_message() -> None:
    secret = new_secret()
    assert Webhook(secret).verify(BODY, headers(secret)) == {"a": "ä"}


def test_while_a_secret_rotates_both_verify() -> None:
    new, old = new_secret(), new_secret()
    for secret in (new, old):
        assert Webhook(secret).verify(BODY, headers(new, old)) == {"a": "ä"}
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(new_secret()).verify(BODY, headers(new, old))


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "webhook-signature", "body"])
def test_nothing_of_it_can_be_changed(changed: str) -> None:
    secret, now = new_secret(), int(time.time())
    signed = headers(secret, sent_at=now)
    # A second later, so that it is not refused for its age.
    another = headers(new_secret(), sent_at=now + 1) | {"webhook-id": "evt_another"}
    forged = signed | {name: value for name, value in another.items() if name == changed}
    body = BODY.replace(b"a", b"b") if changed == "body" else BODY
    assert (forged, body) != (signed, BODY)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(secret).verify(body, forged)


def test_an_old_message_cannot_be_replayed() -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret).verify(BODY, headers(secret, sent_at=int(time.time()) - 3600))


def test_a_secret_holds_256_random_bits() -> None:
    assert len(b64decode(new_secret().removeprefix("whsec_"))) == 32
    assert new_secret() != new_secret()
