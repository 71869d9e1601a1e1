"""Signs messages as standardwebhooks.com says. Pure: the clock and the secrets are given."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence

PREFIX = "whsec_"
_KEY_BYTES = 32


def new_secret() -> str:
    """A fresh secret, `whsec_` and 256 random bits in base 64."""
    return PREFIX + b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The secret as the key that signs."""
    return b64decode(secret.removeprefix(PREFIX))


def headers_for(*, keys: Sequence[bytes], message_id: str, sent_at: int, body: bytes) -> dict[str, str]:
    """The three headers of a message; `sent_at` in Unix seconds. One signature a key: two while a secret rotates."""
    signed = f"{message_id}.{sent_at}.".encode() + body
    signatures = [b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
