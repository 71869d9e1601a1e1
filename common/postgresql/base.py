"""Django's PostgreSQL backend with a cheaper health check, and cursors that prepare their statements.

Both are for the API's speed (`bench/api.py`): a get asks the database one thing, and `SELECT 1` before it cost as much.
"""

import re
import select
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg.types.datetime import TimestamptzLoader

# As many statements as psycopg keeps prepared.
_MOST_READY = 100
_PLACEHOLDER = re.compile(r"%(?:\((?P<name>\w+)\))?s")


class DatabaseWrapper(base.DatabaseWrapper):
    """For `ENGINE = "common.postgresql"`."""

    _ready: "dict[str, _PreparingCursor]"

    def is_usable(self) -> bool:
        """Whether the connection may be used.

        A server that ended it has closed the socket, which then has something to read; an idle one has not. Whatever
        else there is to read, and after an error, the server is asked.
        """
        if self.connection is None or self.connection.closed:
            return False
        if self.errors_occurred or _has_something_to_read(self.connection):
            return super().is_usable()
        return True

    def fetch_prepared(self, query: str, given: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows of a statement that PostgreSQL parses and plans once a connection, in Django's transaction.

        Placeholders are Django's; every parameter needs a type (`%s::bigint`).
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor: CursorWrapper = self._prepare_cursor(self._cursor_of(query))  # type: ignore[attr-defined]
        cursor.execute(query, given)
        return list(cursor.fetchall())

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection, with which nothing is prepared yet."""
        self._ready = {}
        return super().get_new_connection(conn_params)

    def _cursor_of(self, query: str) -> "_PreparingCursor":
        """One for each statement: a cursor remembers how to write and read the types of its last one."""
        cursor = self._ready.get(query)
        if cursor is None:
            if len(self._ready) >= _MOST_READY:
                self._ready.clear()
            cursor = self._ready[query] = _PreparingCursor(self.connection)
            # The driver's own reader; Django's makes a second datetime of each, in Python. Both give UTC.
            cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        return cursor


class _PreparingCursor(psycopg.RawCursor[tuple[Any, ...]]):
    """Takes the placeholders that Django's cursors take, and numbers them once a statement.

    psycopg would look for them at each use in a statement as long as that of a new session.
    """

    def execute(self, query: Any, params: Any = None, **_: Any) -> "_PreparingCursor":
        """Prepares the statement, unless it is, and runs it."""
        text, names = _numbered(query)
        values = params if names is None else [params[name] for name in names]
        super().execute(text, values or None, prepare=True)
        return self


@lru_cache(maxsize=256)
def _numbered(query: str) -> tuple[bytes, tuple[str, ...] | None]:
    """`%s` or `%(name)s` as `$1`, and the names by number; None for the names when there are none."""
    names: list[str] = []

    def number(found: "re.Match[str]") -> str:
        name = found["name"] or str(len(names))
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    text = _PLACEHOLDER.sub(number, query)
    return text.encode(), tuple(names) if "%(" in query else None


def _has_something_to_read(connection: "psycopg.Connection[Any]") -> bool:
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
