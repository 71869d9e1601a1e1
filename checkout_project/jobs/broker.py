"""Lines to Redis: every way to lose one is a lost line, and a new one is there within seconds.

When Redis dies while the consumer is being set up, kombu 5.7 asks an unset client for its host
(`AttributeError … hostname`). Celery knows no such error of connections, so its worker ended: and with it, webhooks.
"""

from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.redis import Transport as RedisTransport
from typing_extensions import override

# From try to try to reach Redis again, however long it was away. (By themselves, they grow to half a minute.)
_PAUSE_SECONDS = 2


class Transport(RedisTransport):
    """The same, with one more error after which to connect again."""

    connection_errors = (*RedisTransport.connection_errors, AttributeError)


class EagerConnection(Connection):
    """Of workers and the clock: back within seconds when Redis is."""

    @override
    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """Until there is one."""
        steady = {"interval_start": _PAUSE_SECONDS, "interval_step": 0, "interval_max": _PAUSE_SECONDS}
        return super().ensure_connection(*args, **steady | options)


class Messages(AMQP):
    """Celery's, over such connections."""

    Connection = EagerConnection


def use_it() -> None:
    """For `redis://` and `rediss://` from now on."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
