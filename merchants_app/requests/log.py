"""The log of API requests: collected in memory while answering, written in bulk by a thread, read by the dashboard.

A request pays for one append. What a killed process had not written yet (a second's worth) is lost: it is a help for
developers, not a record of money.
"""

import os
import re
import threading
import time
from collections import deque
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from common.postgresql.chunks import Chunked, drop_old, make_ahead
from merchants_app.models import ApiKey, LoggedRequest

KEPT = timedelta(days=7)
LINES = Chunked(table=LoggedRequest._meta.db_table, moment="at", period=timedelta(days=1), least=100_000)
_USE_SHOWN_EVERY = timedelta(minutes=1)
_WRITE_EVERY_SECONDS = 1.0
# Requests that are being answered have to wait for the interpreter while lines are written: not for long, each time.
_LINES_AT_A_TIME, _BREATH_SECONDS = 10, 0.001
LOOKED_THROUGH = 20_000
_STATUS = re.compile(r"[1-5][0-9]{2}")
_CAPACITY = 20_000  # lines; more than a process answers while the database is away for a moment

_log = structlog.get_logger()
# An e-mail address where an id belongs: a slip, after which a buyer's address would lie here.
_ADDRESS = re.compile(r"[^/\s]+@[^/\s]*")
# As rows of `_COPY`: one instance of the model each would cost more than answering some requests does.
_lines: deque[tuple[Any, ...]] = deque(maxlen=_CAPACITY)
_COLUMNS = (
    "merchant_id", "mode", "key_id", "request_id", "method", "path", "status_code", "duration_ms", "error_code", "at",
)  # fmt: skip
_COPY = f"COPY {LoggedRequest._meta.db_table} ({', '.join(_COLUMNS)}) FROM STDIN"


class _Writer:
    """The thread of this process. A fork inherits no threads, so the first line after it starts one."""

    def __init__(self) -> None:
        self.allowed = False
        self.pid = 0

    def wake(self) -> None:
        if self.allowed and self.pid != os.getpid():
            self.pid = os.getpid()
            threading.Thread(target=self.run, name="request-log", daemon=True).start()

    def run(self) -> None:
        pause = threading.Event()
        while not pause.wait(_WRITE_EVERY_SECONDS):
            close_old_connections()
            try:
                write_lines()
            except DatabaseError as error:
                _log.warning("request_log.not_written", reason=str(error))


_writer = _Writer()


def write_in_background() -> None:
    """Called once by a web process's entry. Elsewhere (tests, shell) lines wait for `write_lines`."""
    _writer.allowed = True


def collect(
    *,
    key: ApiKey,
    request_id: str,
    method: str,
    path: str,
    status_code: int,
    duration_ms: float,
    error_code: str,
) -> None:
    """Notes one answered request. Costs the request nothing but memory."""
    _lines.append(
        (
            key.merchant_id,
            key.mode,
            key.pk,
            request_id[:64],
            method[:8],
            (_ADDRESS.sub("…@…", path) if "@" in path else path)[:200],
            status_code,
            round(duration_ms, 1),
            error_code[:60],
            timezone.now(),
        )
    )
    _writer.wake()


def write_lines() -> int:
    """Writes what was collected, and when each key was last used. Returns the number of lines."""
    taken = [_lines.popleft() for _ in range(len(_lines))]
    if not taken:
        return 0
    try:
        # `copy` goes past what makes Django's errors of the driver's.
        with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for number, line in enumerate(taken, start=1):
                copy.write_row(line)
                if number % _LINES_AT_A_TIME == 0:
                    time.sleep(_BREATH_SECONDS)
    except DatabaseError:
        _lines.extendleft(reversed(taken))
        raise
    last_use = {line[_COLUMNS.index("key_id")]: line[_COLUMNS.index("at")] for line in taken}
    for key_id, at in last_use.items():
        _show_use(key_id, at)
    return len(taken)


def forget_lines() -> None:
    """Drops what is not written yet."""
    _lines.clear()


def matching(rows: QuerySet[LoggedRequest], term: str) -> QuerySet[LoggedRequest]:
    """Those whose id, path (with the ids in it), status or error is what was typed, among the newest 20,000."""
    newest = rows.order_by("-pk").values("pk")[:LOOKED_THROUGH]
    wanted = Q(request_id=term) | Q(path__contains=term) | Q(error_code=term)
    if _STATUS.fullmatch(term):
        wanted |= Q(status_code=int(term))
    return rows.filter(wanted, pk__in=newest)


def make_chunks_ahead(now: datetime) -> None:
    """Makes room for the lines to come."""
    make_ahead(LINES, now)


def forget_old(now: datetime) -> int:
    """Forgets lines older than they are kept: whole chunks, and one by one what is in none of those. Returns how many
    of these.
    """
    if not drop_old(LINES, before=now - KEPT):
        return 0
    deleted, _ = LoggedRequest.objects.filter(at__lt=now - KEPT).delete()
    return deleted


def _show_use(key_id: int, at: datetime) -> None:
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - _USE_SHOWN_EVERY)
    ApiKey.objects.filter(stale, pk=key_id).update(last_used_at=at)
