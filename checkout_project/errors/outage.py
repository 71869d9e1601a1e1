"""While the database is away: what an outage is, in which words it is told, and its two lines in the log.

An outage is nobody's mistake here: each request says 503 with `Retry-After` and what is so, and the log tells its
beginning, its end and its length instead of a traceback a request.
"""

import logging
import time
from threading import Lock
from typing import NamedTuple

import structlog
from django.db import DatabaseError, InterfaceError
from typing_extensions import override

RETRY_SECONDS = 5
_SENTENCE = "{what} Nothing was done. Try again in a few seconds."


class _What(NamedTuple):
    """What is so, told by PostgreSQL's codes or their classes (its manual, appendix A)."""

    codes: tuple[str, ...]
    word: str  # in the log
    sentence: str


_AWAY = _What(("08", "57P"), "away", "The database cannot be reached at the moment.")
# A statement, or a lock that another holds, took longer than one may wait (`common/postgresql/waits.py`); or we were
# silent in the midst of a transaction for too long.
_SLOW = _What(("57014", "55P03", "25P03"), "slow", "The database took too long to answer.")
_WHATS = (
    _AWAY,
    _What(("53",), "full", "The database has run out of disk, memory or connections."),
    _What(("25006",), "read_only", "The database takes no changes at the moment."),
    _SLOW,
)
_AGAIN_SECONDS = 60.0

_log = structlog.get_logger()


class Outage:
    """What this process knows of the absence of something it needs."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._lock = Lock()
        self._since: float | None = None
        self._told: dict[str, float] = {}  # when each word was
        self._refused = -_AGAIN_SECONDS

    def noticed(self, error: BaseException) -> None:
        """Writes the line at the beginning, and again each minute. One slow statement begins nothing."""
        what = _what(error) or _AWAY
        now = time.monotonic()
        with self._lock:
            if what is not _SLOW:
                self._since = now if self._since is None else self._since
                self._refused = -_AGAIN_SECONDS if what is _AWAY else now
            if now - self._told.get(what.word, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
                return
            self._told[what.word] = now
        _log.error(f"{self._of}.{what.word}", reason=" ".join(str(error).split())[:300])

    def over(self, **_signal: object) -> None:
        """The line at the end: called whenever it was there. Of what it refused just now, it is no end."""
        now = time.monotonic()
        with self._lock:
            if now - self._refused < _AGAIN_SECONDS:
                return
            since, self._since = self._since, None
            if since is None:
                return
            self._told.clear()
        _log.warning(f"{self._of}.back", after_seconds=round(now - since, 1))


OUTAGE = Outage("database")
# Of workers and the clock. Whoever answers leaves it to `common/network/redis_cache.py`.
REDIS = Outage("redis")


def is_outage(error: BaseException | None) -> bool:
    """Whether the database cannot do what it is asked, and not a statement wrong."""
    return _what(error) is not None


def is_slow(error: BaseException) -> bool:
    """Whether it is there, and took longer than one may wait: asked again at once it will do so again."""
    return _what(error) is _SLOW


def in_words(error: BaseException) -> str:
    """For whoever asked: what is so, and what to do."""
    return _SENTENCE.format(what=(_what(error) or _AWAY).sentence)


def _what(error: BaseException | None) -> _What | None:
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    code = getattr(error.__cause__, "sqlstate", None)
    if code is None:  # nothing was answered at all
        return _AWAY if type(error).__name__ in {"OperationalError", "InterfaceError"} else None
    return next((what for what in _WHATS if code.startswith(what.codes)), None)


class NotAboutOutages(logging.Filter):
    """Keeps Django and Celery from writing a line, with a traceback, for each request and task of an outage."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and is_outage(error):
            OUTAGE.noticed(error)
            return False
        return getattr(record, "status_code", None) != 503
