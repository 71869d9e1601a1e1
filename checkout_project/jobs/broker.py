"""kombu's Redis transport, which takes every way to lose the connection for a lost connection.

When Redis dies while the consumer is being set up, kombu 5.7 asks an unset client for its host
(`AttributeError … hostname`). Celery knows no such error of connections, so its worker ended: and with it, webhooks.
"""

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.redis import Transport as RedisTransport


class Transport(RedisTransport):
    """The same, with one more error after which to connect again."""

    connection_errors = (*RedisTransport.connection_errors, AttributeError)


def use_it() -> None:
    """For `redis://` and `rediss://` from now on."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
