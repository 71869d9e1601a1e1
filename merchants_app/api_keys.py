"""API keys: made, found by their secret, revoked. The secret is shown once; only its SHA-256 is kept."""

import hashlib
import secrets
import time
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from merchants_app import audit
from merchants_app.models import ApiKey, Merchant, Scope, User

# 160 bits: a fast hash is enough, because nobody guesses what was never chosen by a person.
_SECRET_BYTES = 20
_HINT_LENGTH = 12
_CACHE_LIMIT = 10_000

# Each process remembers who a secret belongs to for `API_KEY_CACHE_SECONDS` (below 5: a revoked key must stop
# working within 5 s everywhere). The rows are shared between threads: read them, never change them.
_remembered: dict[str, tuple[float, ApiKey]] = {}


@transaction.atomic
def create_key(
    *,
    merchant: Merchant,
    mode: str,
    name: str,
    scopes: Iterable[str] = (Scope.READ, Scope.WRITE),
    by: User | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its secret (`sk_test_…` or `sk_live_…`), which cannot be had again."""
    secret = f"sk_{mode}_{secrets.token_hex(_SECRET_BYTES)}"
    key = ApiKey.objects.create(
        merchant=merchant,
        mode=mode,
        name=name,
        scopes=[str(scope) for scope in scopes],
        hint=secret[:_HINT_LENGTH],
        digest=digest_of(secret),
        created_by=by,
    )
    actor = by.email if by else "system"
    audit.record(merchant=merchant, mode=mode, actor=actor, action="api_key.created", subject=key.public_id, name=name)
    return key, secret


def revoke_key(key: ApiKey, *, by: User | None) -> None:
    """For good. Here it stops working at once, in other processes within the cache's seconds."""
    end_key(key, actor=by.email if by else "system")


@transaction.atomic
def end_key(key: ApiKey, *, actor: str) -> None:
    """The same, for an actor who is known by name only."""
    revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    _remembered.pop(key.digest, None)
    if revoked:
        audit.record(
            merchant=key.merchant,
            mode=key.mode,
            actor=actor,
            action="api_key.revoked",
            subject=key.public_id,
            name=key.name,
        )


def find_key(secret: str) -> ApiKey | None:
    """The key with its merchant, or None when there is none such or it was revoked."""
    return key_with(digest_of(secret))


def key_with(digest: str) -> ApiKey | None:
    """The same by what is kept of its secret."""
    found = _remembered.get(digest)
    now = time.monotonic()
    if found and found[0] > now:
        return found[1]
    key = ApiKey.objects.select_related("merchant").filter(digest=digest, revoked_at=None).first()
    if key:
        _remember(digest, key, until=now + settings.API_KEY_CACHE_SECONDS)
    else:
        _remembered.pop(digest, None)
    return key


def remembered_key(digest: str | None) -> ApiKey | None:
    """The key, if this process has seen it lately. Asks nobody."""
    found = _remembered.get(digest) if digest else None
    return found[1] if found else None


def forget_keys() -> None:
    """Empties this process's memory of keys: the next request of each asks the database."""
    _remembered.clear()


def digest_of(secret: str) -> str:
    """How a secret is kept."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _remember(digest: str, key: ApiKey, *, until: float) -> None:
    if len(_remembered) >= _CACHE_LIMIT:
        _remembered.clear()
    _remembered[digest] = (until, key)
