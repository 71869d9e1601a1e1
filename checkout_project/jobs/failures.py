"""Tasks that broke off: counted by the hour for a day, in the cache, for the operators' first page.

Every job is safe to miss and comes again, so nothing is repeated by hand: what counts is whether it goes on failing.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from redis import RedisError

KEPT_HOURS = 24
_KEPT_SECONDS = (KEPT_HOURS + 1) * 3600
_NAMES = "failed-tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingTask:
    """One that broke off within a day."""

    name: str
    times: int
    last_at: datetime
    why: str


def short_name(name: str) -> str:
    """A task's, as people and numbers call it: without its app."""
    return name.rpartition(".")[2]


def note_failure(name: str, why: str, *, now: datetime) -> None:
    """Counts it. While Redis is away no task runs either."""
    with suppress(RedisError):
        counter = _counter(name, now)
        cache.add(counter, 0, _KEPT_SECONDS)
        cache.incr(counter)
        cache.set(_last(name), (now, why[:300]), _KEPT_SECONDS)
        cache.set(_NAMES, sorted({*cache.get(_NAMES, ()), name}), _KEPT_SECONDS)


def failing_tasks(now: datetime) -> Sequence[FailingTask]:
    """Of the last 24 hours, what failed last first. Raises redis' errors while it is away."""
    found = []
    for name in cache.get(_NAMES, ()):
        hours = [_counter(name, now - timedelta(hours=each)) for each in range(KEPT_HOURS)]
        times, last = sum(cache.get_many(hours).values()), cache.get(_last(name))
        if times and last:
            found.append(FailingTask(name=short_name(name), times=times, last_at=last[0], why=last[1]))
    return sorted(found, key=lambda each: each.last_at, reverse=True)


def _counter(name: str, at: datetime) -> str:
    return f"failed-task:{name}:{at:%Y%m%d%H}"


def _last(name: str) -> str:
    return f"failed-task-last:{name}"
