"""The clock: sends what `schedule.py` names, by a clock that nobody can set, and waits quietly while Redis is away."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import schedule
from redis import RedisError
from typing_extensions import override

from common.ticks import may_be_sent

_STARTED, _THEN = datetime.now(UTC), time.monotonic()

_log = structlog.get_logger()


def steady_now() -> datetime:
    """The time since this process started, added to what the clock said then: setting the clock moves it nowhere."""
    return _STARTED + timedelta(seconds=time.monotonic() - _THEN)


def every(seconds: float) -> schedule:
    """So often, whatever happens to the machine's clock."""
    return schedule(seconds, nowfun=steady_now)


class SteadyScheduler(Scheduler):
    """Celery's own, kept in memory."""

    _away_since: float | None = None

    @override
    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Sends a tick, unless the one before still waits. One line at the beginning and end of Redis' absence."""
        try:
            if not may_be_sent(str(entry.task), *(entry.args or ())):
                return
        except RedisError as error:
            if self._away_since is None:
                self._away_since = time.monotonic()
                _log.error("redis.away", reason=str(error)[:300])
            return
        if self._away_since is not None:
            _log.warning("redis.back", after_seconds=round(time.monotonic() - self._away_since, 1))
            self._away_since = None
        super().apply_entry(entry, producer=producer)
