"""How much a node takes at once, and in a second: learned as it refuses more. Shrinks at once, grows slowly."""

import time
from collections import deque
from datetime import datetime
from threading import Lock

# How long what was learned stands before a little more is tried; twice as long each time that this was refused again.
GROWS_AFTER = 60.0
_LONGEST_PAUSE = 6 * 3600.0

MOST_CALLS_PER_BATCH = 100
USUAL_SPAN, _WIDEST_SPAN = 2_000, 10_000
# Nodes take up to about a thousand topics in a filter.
TOPICS_PER_FILTER = 500

_SLOWEST, _SLOW = 1.0, 4.0  # single calls leave at either
# A reading takes about as many calls; who takes fewer in a second keeps payments waiting.
_BRISK = 20.0
# For so long an excess is held against us: what is refused within is no news.
_ONE_EXCESS = 1.2
_NO_PACE_ABOVE = 300.0


Learned = tuple[int | None, int | None, int | None, float | None]


class Limit:
    """How much of one thing is asked for at once: calls in a request, blocks or addresses in a filter."""

    def __init__(self, usual: int, most: int) -> None:
        self.value = usual
        self._most = most
        self._worked = 0  # the most that was taken since it last shrank
        self._pause = GROWS_AFTER
        self._grown_from = 0  # what it was before it grew, while nobody knows whether that much is taken
        self._grows_at = 0.0

    def recall(self, value: int) -> None:
        """So much was taken when others asked: it stands as long as what was learned here."""
        if value != self.value:
            self.value, self._grown_from = value, 0
            self._grows_at = time.monotonic() + self._pause

    def less(self, refused: int) -> int:
        """What to ask for when so much was refused, more than one: what was taken before, or half."""
        half = refused // 2
        return self._worked if half < self._worked < refused else half

    def shrink(self, worked: int) -> None:
        """No more than this is taken, as far as is known."""
        if worked >= self.value:
            return
        self._pause = min(2 * self._pause, _LONGEST_PAUSE) if self._grown_from else GROWS_AFTER
        self.value = self._worked = max(1, worked)
        self._grown_from = 0
        self._grows_at = time.monotonic() + self._pause

    def took(self, asked: int) -> None:
        """So much was taken: after a while, a little more is tried."""
        self._worked = max(self._worked, asked)
        if asked < self.value:
            return
        if self._grown_from:
            self._grown_from, self._pause = 0, GROWS_AFTER
        if self.value < self._most and time.monotonic() >= self._grows_at:
            self._grown_from = self.value
            self.value = min(self._most, self.value + max(1, self.value // 4))
            self._grows_at = time.monotonic() + self._pause


class Pace:
    """Calls a second, once a node has asked for fewer. Until then as many as come. For several threads at once."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._lock = Lock()
        self._asked: deque[tuple[float, int]] = deque()  # when, how many calls; of the last second
        self._answered: deque[tuple[float, int]] = deque()
        self._free_at = self._grows_at = self._grown_at = self._shrunk_at = 0.0
        self._pause = GROWS_AFTER

    @property
    def is_slow(self) -> bool:
        """Whether others had better be asked first."""
        return self.rate is not None and self.rate < _BRISK

    @property
    def at_once(self) -> int:
        """The most calls that one request may hold: of those of a second a part, so that no second has many more."""
        rate = self.rate
        return MOST_CALLS_PER_BATCH if rate is None else max(1, int(rate / 4))

    def recall(self, rate: float | None) -> None:
        """So many a second others found that it takes; it stands as long as what was learned here."""
        with self._lock:
            if rate != self.rate:
                self.rate, self._grows_at = rate, time.monotonic() + self._pause

    def wait(self, calls: int) -> None:
        """Waits until so many more may be asked."""
        with self._lock:
            now = time.monotonic()
            if self.rate is not None and now >= self._grows_at:
                self._grown_at, self._grows_at = now, now + self._pause
                self.rate = None if self.rate * 1.25 > _NO_PACE_ABOVE else self.rate * 1.25
            begins = now if self.rate is None else max(now, self._free_at)
            if self.rate is not None:
                self._free_at = begins + calls / self.rate
            _note(self._asked, begins, calls)
        if begins > now:
            time.sleep(begins - now)

    def took(self, calls: int) -> None:
        """So many were answered."""
        with self._lock:
            _note(self._answered, time.monotonic(), calls)

    def shrink(self) -> None:
        """It was too much: as many as were answered in the last second, or half of those that were asked.

        Not few at once, though, and each time after that a third less: a node that refuses for another reason, or one
        that was just asked for a single call, would seem to take nearly none.
        """
        with self._lock:
            now = time.monotonic()
            if now < self._shrunk_at + _ONE_EXCESS:
                return
            is_told = _since(self._answered, self._shrunk_at) > 0
            self._shrunk_at = now
            if self.rate is None:
                rate = max(0.9 * _since(self._answered, now - 1), _since(self._asked, now - 1) / 2, _BRISK)
            else:
                rate = self.rate / 1.5
                is_grown = now - self._grown_at < GROWS_AFTER
                self._pause = min(2 * self._pause, _LONGEST_PAUSE) if is_grown else GROWS_AFTER
            # Who refuses everything, however seldom it is asked, does not do so for the pace.
            self.rate = max(_SLOWEST if is_told else min(_SLOW, self.rate or _SLOW), rate)
            self._grows_at = now + self._pause


class Limits:
    """All that is known of what one node takes. Shared by whoever asks that node, in one process."""

    def __init__(self) -> None:
        self.batch = Limit(MOST_CALLS_PER_BATCH, MOST_CALLS_PER_BATCH)
        self.span = Limit(USUAL_SPAN, _WIDEST_SPAN)
        self.addresses = Limit(TOPICS_PER_FILTER, TOPICS_PER_FILTER)
        self.pace = Pace()
        # What the database has of it: what was learned and the problem, and from when that is.
        self.kept: tuple[Learned, str] | None = None
        self.kept_at: datetime | None = None
        self.is_distrusted = False  # its answers proved wrong lately: others are asked before it

    @property
    def learned(self) -> Learned:
        """Calls, blocks and addresses at once, and calls a second."""
        return self.batch.value, self.span.value, self.addresses.value, self.pace.rate

    @learned.setter
    def learned(self, values: Learned) -> None:
        batch, span, addresses, rate = values
        self.pace.recall(rate)
        for limit, value in ((self.batch, batch), (self.span, span), (self.addresses, addresses)):
            if value is not None:
                limit.recall(value)

    @property
    def calls_at_once(self) -> int:
        """The most calls to put into one request."""
        return min(self.batch.value, self.pace.at_once)


def _note(moments: deque[tuple[float, int]], at: float, calls: int) -> None:
    """Adds them, and forgets those of more than a second ago."""
    moments.append((at, calls))
    while moments[0][0] < at - 1:
        moments.popleft()


def _since(moments: deque[tuple[float, int]], begin: float) -> int:
    return sum(calls for at, calls in moments if at >= begin)
