"""Where claimed deliveries go: the endpoints' URL, keys and headers, read anew with every claim."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from webhooks_app.endpoints.custom_headers import headers_in
from webhooks_app.endpoints.secrets_at_rest import secrets_in
from webhooks_app.models import WebhookEndpoint
from webhooks_app.queue.delivery import Connection
from webhooks_app.signing import key_of

USER_AGENT = "Tallystick-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint as the sender needs it."""

    url: str
    keys: tuple[bytes, ...]  # empty: no secret can be read
    headers: dict[str, str] | None  # None: they cannot be read
    is_on: bool


_READ = f"""
SELECT id, url, headers_encrypted, secret_encrypted,
    CASE WHEN previous_secret_until > now() THEN previous_secret_encrypted ELSE '' END,
    disabled_at IS NULL AND deleted_at IS NULL
FROM {WebhookEndpoint._meta.db_table} WHERE id = ANY(%s)
"""  # noqa: S608  (a table's name)


async def targets_of(connection: Connection, endpoint_ids: Iterable[int]) -> dict[int, Target]:
    """The targets by endpoint id."""
    cursor = await connection.execute(_READ, [list(endpoint_ids)])
    return {key: _target(*rest) for key, *rest in await cursor.fetchall()}


def target_of(endpoint: WebhookEndpoint, now: datetime) -> Target:
    """The same for an endpoint at hand."""
    rotating = endpoint.previous_secret_until is not None and endpoint.previous_secret_until > now
    return _target(
        endpoint.url,
        endpoint.headers_encrypted,
        endpoint.secret_encrypted,
        endpoint.previous_secret_encrypted if rotating else "",
        endpoint.disabled_at is None and endpoint.deleted_at is None,
    )


# Decrypting costs more than signing, and the same row is read many times a second.
@lru_cache(maxsize=4096)
def _target(url: str, headers: str, secret: str, previous_secrets: str, is_on: bool) -> Target:
    keys = tuple(key_of(each) for each in (*secrets_in(secret), *secrets_in(previous_secrets)))
    own = headers_in(headers)
    # `identity`: an answer is kept as it came, and cannot unfold into gigabytes.
    ours = {"content-type": "application/json", "user-agent": USER_AGENT, "accept-encoding": "identity"}
    return Target(url, keys, None if own is None else own | ours, is_on)
