"""Django's PostgreSQL backend with a cheaper health check, and cursors that prepare their statements.

Both are for the API's speed (`bench/api.py`): a get asks the database one thing, and `SELECT 1` before it cost as much.
"""

import re
import select
from functools import lru_cache
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper

_PLACEHOLDER = re.compile(r"%(?:\((?P<name>\w+)\))?s")


class DatabaseWrapper(base.DatabaseWrapper):
    """For `ENGINE = "common.postgresql"`."""

    def is_usable(self) -> bool:
        """Whether the connection may be used.

        A server that ended it has closed the socket, which then has something to read; an idle one has not. Whatever
        else there is to read, and after an error, the server is asked.
        """
        if self.connection is None or self.errors_occurred or _has_something_to_read(self.connection):
            return super().is_usable()
        return not self.connection.closed

    def prepared_cursor(self) -> CursorWrapper:
        """A cursor in the same transaction and log of queries that prepares what it runs.

        PostgreSQL parses and plans each statement once a connection. Every parameter needs a type (`%s::bigint`).
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = _PreparingCursor(self.connection)
            return self._prepare_cursor(cursor)  # type: ignore[attr-defined, no-any-return]


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
