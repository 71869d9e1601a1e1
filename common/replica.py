"""Reads from a copy of the database (a streaming standby) what is only looked at.

Within `from_replica()` Django's reading queries go there, as long as it has what the primary had written a few seconds
ago. Writes, locks and statements on Django's `connection` always go to the primary; so does everything within a
transaction, which must see what it has written. A statement of our own follows where it says so (`database.fetch`).
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any

import structlog
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.utils import Error

REPLICA = "replica"
MOST_BEHIND_SECONDS = 5.0
LOOKED_AT_EVERY_SECONDS = 1.0
# Whoever begins a look waits for its answer so long; what it answers counts for so long from the look's begin.
WAIT_SECONDS, COUNTS_SECONDS = 1.0, 2.0
# One that has not answered for so long is told as away. Its connection may hang for longer.
ANSWERS_WITHIN_SECONDS = 5.0
# A server that cannot be reached keeps whoever tries waiting.
LEFT_ALONE_SECONDS = 30.0
AWAY, OF_ANOTHER = "unreachable", "a copy of another database"
# Looks that are remembered, one a second: as far back it can be told how far behind it is.
_REMEMBERED = 3600

# Up to where a server has everything, by the place in the primary's log, not by clocks: a replica whose line is cut
# believes that it has everything, and one whose primary rests has nothing new.
_PLACE = """
SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn
"""
# The identifier stays what it is in all copies of a server. Not everybody's role may ask for it, where it is hosted.
_MAY_IDENTIFY = "SELECT has_function_privilege('pg_control_system()', 'execute')"
_SYSTEM = "SELECT system_identifier FROM pg_control_system()"

_log = structlog.get_logger()
_thread = threading.local()


class ReplicaRouter:
    """Django's router: who reads where."""

    def db_for_read(self, _model: type, **_hints: Any) -> str:
        """The replica, within `from_replica()`. Named each time: a row that was read there is not read on there."""
        return reading_alias()

    def db_for_write(self, _model: type, **_hints: Any) -> str:
        """The primary, also for what was read from the replica."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, _one: object, _other: object, **_hints: Any) -> bool:
        """It is one database."""
        return True

    def allow_migrate(self, db: str, _app_label: str, **_hints: Any) -> bool:
        """It gets its tables from the primary."""
        return db != REPLICA


class Asker:
    """Does one thing after the other in a thread of its own, which keeps its connections and stops no process."""

    def __init__(self) -> None:
        self._given = SimpleQueue[Callable[[], None]]()
        self._thread: threading.Thread | None = None

    def __call__(self, act: Callable[[], None]) -> None:
        """Has it done, and waits for nothing."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="replica", daemon=True)
            self._thread.start()
        self._given.put(act)

    def _run(self) -> None:
        while True:
            self._given.get()()


class Freshness:
    """What this process knows of how far behind the replica is.

    The primary is asked by whoever wants to know, the replica by one thread: when it hangs, nobody hangs with it.
    """

    def __init__(self, *, begin: Callable[[Callable[[], None]], None] | None = None) -> None:
        self._begin = begin or Asker()
        self._lock = threading.Lock()  # held until it has answered
        self._written: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)
        self._looked_at = self._look_at = self._current_until = 0.0
        self._trouble = ""

    def is_current(self) -> bool:
        """Whether it has all that the primary had written at a moment not long ago."""
        self._look()
        return time.monotonic() < self._current_until

    def trouble(self) -> str:
        """Why it is of no use, in a word; empty: nothing is known against it."""
        self._look()
        is_silent = self._lock.locked() and time.monotonic() - self._looked_at > ANSWERS_WITHIN_SECONDS
        return AWAY if is_silent else self._trouble

    def find_out(self) -> None:
        """For a process that has just begun: until one look or several have shown how far behind it is."""
        ends_at = time.monotonic() + MOST_BEHIND_SECONDS + 2 * LOOKED_AT_EVERY_SECONDS
        while not self.is_current() and not self.trouble() and time.monotonic() < ends_at:
            time.sleep(LOOKED_AT_EVERY_SECONDS / 4)

    def leave_alone(self, reason: str) -> None:
        """It could not be asked."""
        self._current_until, self._trouble = 0.0, AWAY
        self._look_at = time.monotonic() + LEFT_ALONE_SECONDS
        connections[REPLICA].close()
        _log.warning("replica.away", reason=reason)

    def _look(self) -> None:
        """Once a second at most, and not while it has yet to answer."""
        now = time.monotonic()
        if now < self._look_at or not self._lock.acquire(blocking=False):
            return
        self._looked_at, self._look_at = now, now + LOOKED_AT_EVERY_SECONDS
        try:
            written, system = place_of(DEFAULT_DB_ALIAS), system_of(DEFAULT_DB_ALIAS)
        except BaseException:
            self._lock.release()
            raise
        has_answered = threading.Event()
        self._begin(lambda: self._ask(now, written or 0, system, has_answered))
        has_answered.wait(WAIT_SECONDS)

    def _ask(self, now: float, written: int, system: int | None, has_answered: threading.Event) -> None:
        try:
            connections[REPLICA].close_if_unusable_or_obsolete()
            replayed, its_system = place_of(REPLICA), system_of(REPLICA)
            self._judge(now, written, replayed or 0, is_of_another=len({system, its_system} - {None}) > 1)
        except Error as error:
            self.leave_alone(str(error))
        finally:
            self._lock.release()
            has_answered.set()

    def _judge(self, now: float, written: int, replayed: int, *, is_of_another: bool) -> None:
        """It is read from by the newest moment of which it is known to have everything. It is called behind by the
        oldest of which it is known not to: between two looks far apart, or before a second one, nobody knows."""
        if self._written and written < self._written[-1][1]:
            self._written.clear()  # the primary is another one now, which lacks what its former wrote last
        self._written.append((now, written))
        had = max((at for at, place in self._written if place <= replayed), default=-float("inf"))
        behind = now - min((at for at, place in self._written if place > replayed), default=now)
        is_current = now - had <= MOST_BEHIND_SECONDS and not is_of_another
        self._current_until = now + COUNTS_SECONDS if is_current else 0.0
        if is_of_another and self._trouble != OF_ANOTHER:
            _log.warning("replica.of_another_database")
        late = f"{behind:.0f} s behind" if behind > MOST_BEHIND_SECONDS else ""
        self._trouble = OF_ANOTHER if is_of_another else late


freshness = Freshness()


def is_reading_from_replica() -> bool:
    """Whether this thread's reading queries go there."""
    return getattr(_thread, "reads", False) and not connections[DEFAULT_DB_ALIAS].in_atomic_block


def reading_alias() -> str:
    """The database that this thread's reading queries go to."""
    return REPLICA if is_reading_from_replica() else DEFAULT_DB_ALIAS


@contextmanager
def from_replica() -> Iterator[bool]:
    """What is read meanwhile may be some seconds old. Yields whether it is: without a replica, or with one that is away
    or far behind, all comes from the primary.
    """
    before = getattr(_thread, "reads", False)
    _thread.reads = before or (REPLICA in connections and freshness.is_current())
    try:
        yield is_reading_from_replica()
    except OperationalError as error:
        if is_reading_from_replica():
            freshness.leave_alone(str(error))
        raise
    finally:
        _thread.reads = before


def trouble() -> str | None:
    """Why the replica is of no use, in a word; empty: nothing is known against it. None: there is none."""
    return freshness.trouble() if REPLICA in connections else None


def find_out() -> None:
    """Waits until `trouble` can say whether it is behind: for a process that has just begun."""
    if REPLICA in connections:
        with suppress(Error):  # of the primary, of whom others tell
            freshness.find_out()


def place_of(alias: str) -> int | None:
    """Up to where in the primary's log it has everything; None: it has yet to read its first."""
    place: int | None = _one(alias, _PLACE)
    return place


def system_of(alias: str) -> int | None:
    """Which server it is, or is a copy of; None where this role may not ask."""
    return _one(alias, _SYSTEM) if _one(alias, _MAY_IDENTIFY) else None


def _one(alias: str, statement: str) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
