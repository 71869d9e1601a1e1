"""Clocks that jump: seen by holding this machine's against one that nobody can set.

A PostgreSQL on the same machine jumps along, so that comparing the two of them tells nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

import structlog

from common.measures.counted import CLOCK_JUMPS

TOLD_SECONDS = 3600.0
# NTP turns a clock by half a millisecond a second, and sets one that is farther off at once.
_LEAST_SECONDS = 2
# A process that was stopped between two clocks has read neither rightly.
_AT_ONCE_SECONDS = 0.2
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """One of them."""

    seconds: int  # ahead; below zero: back
    at: float  # what time the clock said then, in seconds since 1970

    def __str__(self) -> str:
        way = "ahead" if self.seconds > 0 else "back"
        return f"jumped {abs(self.seconds)} s {way} at {datetime.fromtimestamp(self.at, UTC):%H:%M:%S} UTC"


def steady_seconds() -> float:
    """Goes on while the machine sleeps, where the system has such a clock: to wake is no jump."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """This machine's, as one process sees it."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = steady_seconds) -> None:
        self._wall, self._steady, self._lock = wall, steady, Lock()
        self._ahead: float | None = None  # of the steady one
        self._jump: Jump | None = None
        self._forgotten_at = 0.0

    def look(self) -> None:
        """Called every few seconds, with each sign of life."""
        began, wall, now = self._steady(), self._wall(), self._steady()
        with self._lock:
            if now - began < _AT_ONCE_SECONDS:
                self._compare(wall, now)

    def jumped(self) -> Jump | None:
        """The last jump, for an hour."""
        return self._jump if self._steady() < self._forgotten_at else None

    def _compare(self, wall: float, now: float) -> None:
        before, self._ahead = self._ahead, wall - now
        if before is None or abs(self._ahead - before) < _LEAST_SECONDS:
            return
        self._jump, self._forgotten_at = Jump(seconds=round(self._ahead - before), at=wall), now + TOLD_SECONDS
        CLOCK_JUMPS.inc()
        _log.error(
            "clock.jumped", seconds_ahead=self._jump.seconds, then="see that NTP alone sets this machine's clock"
        )


CLOCK = Clock()
