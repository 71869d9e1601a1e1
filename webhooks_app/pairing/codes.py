"""What an owner has allowed, kept for a moment under a code that is good once. Kept in Redis, by the code's hash alone.

A code that is lost costs a click: the owner allows it again. So it need not outlive a restart.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from django.core.cache import cache
from redis import RedisError

from webhooks_app.errors import ConnectLater

LIFETIME_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Who allowed what to whom."""

    merchant_id: int
    mode: str
    user_id: int
    client: str  # the shop's origin: `https://shop.example`
    redirect_uri: str
    challenge: str  # of PKCE, S256
    scopes: str  # with spaces between
    webhook_url: str  # empty: no endpoint


def keep(code: str, consent: Consent) -> None:
    """Until it is taken, two minutes at most. Raises ConnectLater while Redis is away."""
    with _redis_here():
        cache.set(_name(code), json.dumps(asdict(consent)), timeout=LIFETIME_SECONDS)


def take(code: str) -> Consent | None:
    """What the code stands for, and no second time: of two who ask at once one gets it. Raises ConnectLater."""
    with _redis_here():
        kept = cache.get(_name(code))
        return Consent(**json.loads(kept)) if kept and cache.delete(_name(code)) else None


def _name(code: str) -> str:
    return "pairing:" + hashlib.sha256(code.encode(errors="replace")).hexdigest()


@contextmanager
def _redis_here() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise ConnectLater("Nothing can be connected at the moment: Redis is away. Try again in a minute.") from error
