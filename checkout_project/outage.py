"""While the database is away: what an outage is, what it is answered with, and its two lines in the log.

An outage is nobody's mistake here: each request says 503 with `Retry-After`, and the log tells its beginning, its end
and its length instead of a traceback a request.
"""

import logging
import sys
import time
from threading import Lock

import structlog
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error
from redis import RedisError
from typing_extensions import override

RETRY_SECONDS = 5
_UNREACHABLE = "The database cannot be reached. Nothing was done. Try again in a minute."
_UNCOUNTED = "Redis cannot be reached, so that attempts to sign in cannot be counted. Try again in a minute."
SENTENCE = "The database cannot be reached at the moment. Nothing was done. Try again in a few seconds."

# Classes of PostgreSQL's codes (its manual, appendix A): 08 connection, 53 out of disk, memory or connections,
# 57P shutting down or starting up. 25006: it is read-only, as a standby is. 57014 and 55P03: a statement, or a lock
# that another holds, took longer than whoever waits for an answer may be let wait (`web/waits.py`).
_CODES = ("08", "53", "57P", "25006", "57014", "55P03")
_AGAIN_SECONDS = 60.0

_log = structlog.get_logger()


class Outage:
    """What this process knows of the absence of something it needs."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._lock = Lock()
        self._since: float | None = None
        self._told = -_AGAIN_SECONDS

    def noticed(self, error: BaseException) -> None:
        """Writes the line at the beginning, and again each minute."""
        now = time.monotonic()
        with self._lock:
            self._since = now if self._since is None else self._since
            if now - self._told < _AGAIN_SECONDS:
                return
            self._told = now
        _log.error(f"{self._of}.away", reason=" ".join(str(error).split())[:300])

    def over(self, **_signal: object) -> None:
        """The line at the end: called whenever it was there."""
        with self._lock:
            since, self._since, self._told = self._since, None, -_AGAIN_SECONDS
        if since is not None:
            _log.warning(f"{self._of}.back", after_seconds=round(time.monotonic() - since, 1))


OUTAGE = Outage("database")


def is_outage(error: BaseException | None) -> bool:
    """Whether the database is away, and not a statement wrong."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    if code is None:  # nothing was answered at all
        return type(error).__name__ in {"OperationalError", "InterfaceError"}
    return bool(code.startswith(_CODES))


def broken(request: HttpRequest) -> HttpResponse:
    """Django's handler for what no view caught: 503 in an outage, else the page that says it is our fault.

    Of Redis hears only who cannot do without: `common/network/redis_cache.py`.
    """
    error = sys.exc_info()[1]
    if is_outage(error):
        assert error is not None
        OUTAGE.noticed(error)
    elif not isinstance(error, RedisError):  # which its pool has logged
        return server_error(request)
    reason = _UNCOUNTED if isinstance(error, RedisError) else _UNREACHABLE
    # Without the request: who is signed in stands in the database.
    page = render_to_string("503.html", {"reason": reason})
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS)})


class NotAboutOutages(logging.Filter):
    """Keeps Django and Celery from writing a line, with a traceback, for each request and task of an outage."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and is_outage(error):
            OUTAGE.noticed(error)
            return False
        return getattr(record, "status_code", None) != 503
