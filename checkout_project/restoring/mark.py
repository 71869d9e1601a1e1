"""How far events came, kept in Redis beside the database: one that was put back to an earlier time stands before that.

So a recovery in place is noticed, which the database itself cannot show, and a failover that lost something. Where
Redis was lost as well, nothing is noticed.
"""

import structlog
from django.conf import settings
from redis import RedisError

from checkout_project.jobs.pulses import redis_at
from merchants_app.held import place
from webhooks_app.events.positions import farthest_told

_log = structlog.get_logger()


def read_mark() -> int:
    """Where events of this database were seen; 0 where nobody knows."""
    try:
        return int(redis_at(settings.REDIS_URL).get(_key()) or 0)
    except RedisError as error:
        _log.warning("installation.mark_not_read", reason=str(error))
        return 0


def set_mark() -> None:
    """Only what is committed counts: numbers of what was not may come again after a crash, for nobody has seen them."""
    try:
        redis_at(settings.REDIS_URL).set(_key(), farthest_told())
    except RedisError as error:
        _log.warning("installation.mark_not_set", reason=str(error))


def _key() -> str:
    return f"tallystick:events:{place()}"
