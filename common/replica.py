"""Reads from a copy of the database (a streaming standby) what is only looked at.

Within `from_replica()` Django's reading queries go there, as long as it has what the primary had written a few seconds
ago. Writes, locks and statements on Django's `connection` always go to the primary; so does everything within a
transaction, which must see what it has written. A statement of our own follows where it says so (`database.fetch`).
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.utils import Error

REPLICA = "replica"
MOST_BEHIND_SECONDS = 5.0
LOOKED_AT_EVERY_SECONDS = 1.0
# A server that cannot be reached keeps whoever tries waiting.
LEFT_ALONE_SECONDS = 30.0
AWAY = "unreachable"

# By the place in the primary's log, not by clocks: a replica whose line is cut believes that it has everything.
WRITTEN = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"
REPLAYED = """
SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn
"""
# The identifier stays what it is in all copies of a server. Not everybody's role may ask for it, where it is hosted.
_MAY_IDENTIFY = "SELECT has_function_privilege('pg_control_system()', 'execute')"
# A replica's newest transaction has the primary's time.
REPLAYED_TO = "SELECT extract(epoch FROM pg_last_xact_replay_timestamp())::float8"
NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"
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


class Freshness:
    """What this process knows of how far behind the replica is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: deque[tuple[float, int]] = deque(maxlen=int(MOST_BEHIND_SECONDS) + 2)
        self._look_at = self._left_alone_until = 0.0
        self._is_current = False

    def is_current(self) -> bool:
        """Looks at most once a second; meanwhile the others take the last answer."""
        if time.monotonic() >= self._look_at and self._lock.acquire(blocking=False):
            try:
                self._look_at = time.monotonic() + LOOKED_AT_EVERY_SECONDS
                self._is_current = self._look()
            except Error as error:
                self.leave_alone(str(error))
            finally:
                self._lock.release()
        return self._is_current

    def leave_alone(self, reason: str) -> None:
        """It could not be asked."""
        self._is_current = False
        self._look_at = self._left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
        connections[REPLICA].close()
        _log.warning("replica.away", reason=reason)

    def trouble(self) -> str:
        """Why it is of no use, in a word; empty: it is. Asked now, unless it is left alone."""
        if time.monotonic() < self._left_alone_until:
            return AWAY
        try:
            if _is_of_another():
                return "a copy of another database"
            seconds = _seconds_behind()
        except Error as error:
            self.leave_alone(str(error))
            return AWAY
        return f"{seconds:.0f} s behind" if seconds > MOST_BEHIND_SECONDS else ""

    def _look(self) -> bool:
        """Whether the replica has all that the primary had written at a moment not long ago."""
        now, written = time.monotonic(), _one(DEFAULT_DB_ALIAS, WRITTEN)
        self._written.append((now, written))
        replayed = _one(REPLICA, REPLAYED)
        if _is_of_another():
            _log.warning("replica.of_another_database")
            return False
        had = [at for at, place in self._written if replayed is not None and place <= replayed]
        return bool(had) and now - max(had) <= MOST_BEHIND_SECONDS


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
    """Why the replica is of no use, in a word; empty: it is. None: there is none."""
    return freshness.trouble() if REPLICA in connections else None


def system_of(alias: str) -> int | None:
    """Which server it is, or is a copy of; None where this role may not ask."""
    return _one(alias, _SYSTEM) if _one(alias, _MAY_IDENTIFY) else None


def _is_of_another() -> bool:
    return len({system_of(REPLICA), system_of(DEFAULT_DB_ALIAS)} - {None}) > 1


def _seconds_behind() -> float:
    """0 of one that has all that the primary had written a moment ago, however long ago that was."""
    if _one(DEFAULT_DB_ALIAS, WRITTEN) <= (_one(REPLICA, REPLAYED) or 0):
        return 0.0
    return float(_one(DEFAULT_DB_ALIAS, NOW) - (_one(REPLICA, REPLAYED_TO) or 0.0))


def _one(alias: str, statement: str) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
