"""While Redis is away, as workers and the clock hear of it: one line, in place of Celery's for each try and task."""

import logging

from typing_extensions import override

from checkout_project.errors.outage import REDIS
from common.network.redis_cache import is_away

# What tells at each try that its line to Redis is broken, by the system's own errors too.
_CONSUMER = "celery.worker.consumer.consumer"


class NotAboutRedis(logging.Filter):
    """Keeps Celery's lines back: its consumer names the error at each try, tasks that were at work break off."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        named = record.args if isinstance(record.args, tuple) else ()
        raised = record.exc_info[1] if record.exc_info else None
        errors = [each for each in (*named, raised) if isinstance(each, BaseException) and _is_told(each, record.name)]
        for error in errors:
            REDIS.noticed(error)
        return not errors


def _is_told(error: BaseException, by: str) -> bool:
    return is_away(error) or (by == _CONSUMER and isinstance(error, ConnectionError | TimeoutError))
