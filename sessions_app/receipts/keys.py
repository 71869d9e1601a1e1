"""The Ed25519 keys of this installation. The newest signs; what former ones signed can be checked still."""

from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from joserfc.jwk import OKPKey

from common.encryption import decrypt, encrypt
from sessions_app.models import ReceiptKey

CURVE: Final = "Ed25519"
_KIND = {"kty": "OKP", "crv": CURVE}


def signing_key(now: datetime) -> OKPKey:
    """The key that signs, made at first need. Raises `cryptography.fernet.InvalidToken` when it cannot be decrypted."""
    row = ReceiptKey.objects.filter(signs=True).first() or _make(now)
    return OKPKey.import_key({**_KIND, "x": row.public, "d": decrypt(row.private), "kid": row.kid})


def key_of(kid: str) -> OKPKey | None:
    """The public half of a key, former ones too; None for one that is not ours."""
    row = ReceiptKey.objects.filter(kid=kid).first()
    return OKPKey.import_key({**_KIND, "x": row.public, "kid": row.kid}) if row else None


def public_keys() -> list[dict[str, Any]]:
    """All of them as JSON Web Keys (RFC 7517, RFC 8037), the newest first."""
    rows = ReceiptKey.objects.order_by("-id")
    return [{**_KIND, "x": row.public, "kid": row.kid, "use": "sig", "alg": CURVE} for row in rows]


def rotate(now: datetime) -> ReceiptKey:
    """From now on another key signs. Done twice at once it is done once."""
    try:
        with transaction.atomic():
            ReceiptKey.objects.filter(signs=True).update(signs=False)
            return ReceiptKey.objects.create(**_new(now))
    except IntegrityError:
        return ReceiptKey.objects.get(signs=True)


def _make(now: datetime) -> ReceiptKey:
    """The first one; of two who make it at once both get the same."""
    return ReceiptKey.objects.get_or_create(signs=True, defaults=_new(now))[0]


def _new(now: datetime) -> dict[str, Any]:
    key = OKPKey.generate_key(CURVE)
    halves = key.as_dict(private=True)
    return {
        "kid": key.thumbprint(), "public": halves["x"], "private": encrypt(str(halves["d"])), "created_at": now,
    }  # fmt: skip
