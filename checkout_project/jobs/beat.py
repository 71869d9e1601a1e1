"""The clock: sends what `schedule.py` names, by a clock that nobody can set, and waits quietly while Redis is away."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from celery.beat import ScheduleEntry, Scheduler, SchedulingError
from celery.schedules import schedule
from kombu import Producer
from kombu.utils.objects import cached_property
from redis import RedisError
from typing_extensions import override

from checkout_project.errors.outage import REDIS
from checkout_project.jobs.alive import Sign
from checkout_project.jobs.failures import short_name
from checkout_project.jobs.pulses import BEAT, EVERY_SECONDS, give_pulse
from common.measures.counted import TICK_SENT_AT
from common.network.redis_cache import is_away
from common.ticks import send_once

_log = structlog.get_logger()
_STARTED, _THEN = datetime.now(UTC), time.monotonic()


def steady_now() -> datetime:
    """The time since this process started, added to what the clock said then: setting the clock moves it nowhere."""
    return _STARTED + timedelta(seconds=time.monotonic() - _THEN)


def every(seconds: float) -> schedule:
    """So often, whatever happens to the machine's clock."""
    return schedule(seconds, nowfun=steady_now)


class SteadyScheduler(Scheduler):
    """Celery's own, kept in memory."""

    _told_at = -EVERY_SECONDS

    @override
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._sign = Sign()

    @cached_property
    def producer(self) -> Producer:
        """Connects when it sends, once Redis is there: Celery's own waits for it, and gives no sign meanwhile."""
        return Producer(self.connection, auto_declare=False)

    @override
    def tick(self, *given: Any, **named: Any) -> float:
        """Looks what is due; that it still looks, is seen from outside."""
        self._sign.give()
        return float(super().tick(*given, **named))

    @override
    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Sends a tick, unless the one before still waits. Nothing ends it; Redis' absence is one line long."""
        send = partial(self.apply_async, entry, producer=producer, advance=False)
        try:
            self._live()
            send_once(send, str(entry.task), *(entry.args or ()))
        except (RedisError, SchedulingError) as error:
            # Celery's is raised around whatever it was.
            if is_away(error.__context__ if isinstance(error, SchedulingError) else error):
                REDIS.noticed(error)
            else:
                _log.exception("beat.failed", task=str(entry.task))
            return
        REDIS.over()
        TICK_SENT_AT.labels(short_name(str(entry.task))).set_to_current_time()

    def _live(self) -> None:
        """Says that it does, every few seconds."""
        if time.monotonic() - self._told_at >= EVERY_SECONDS:
            give_pulse(BEAT)
            self._told_at = time.monotonic()
