"""Lines to Redis: every way to lose one is a lost line, and a new one is there within seconds.

Any other error ends Celery's worker, and with it webhooks. Two come of a Redis that is away all the same: one that
answers, and says no (read-only after a failover, full, forbidding), and kombu 5.7's own (`AttributeError … hostname`)
when Redis dies while the consumer is being set up.
"""

import time
import warnings
from typing import Any

from celery.app.amqp import AMQP
from celery.exceptions import CPendingDeprecationWarning
from celery.worker.consumer import Consumer
from kombu import Connection
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.redis import Transport as RedisTransport
from redis import RedisError
from typing_extensions import override

# From try to try to reach Redis again, however long it was away. (By themselves, they grow to half a minute.)
_PAUSE_SECONDS = 2


class Transport(RedisTransport):
    """The same, with more errors after which to connect again."""

    connection_errors = (*RedisTransport.connection_errors, RedisError, AttributeError)


class PatientConsumer(Consumer):
    """Celery's. One that refuses can be reached, so that nothing else would keep it from trying without a pause."""

    @override
    def on_connection_error_before_connected(self, exc: Exception) -> None:
        super().on_connection_error_before_connected(exc)
        time.sleep(_PAUSE_SECONDS)

    @override
    def on_connection_error_after_connected(self, exc: Exception) -> None:
        # What its next version will do, Celery says at each lost line.
        warnings.simplefilter("ignore", CPendingDeprecationWarning)
        super().on_connection_error_after_connected(exc)
        time.sleep(_PAUSE_SECONDS)


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
