"""Django's PostgreSQL backend with a cheaper health check, and statements that are prepared.

Both are for the API's speed (`bench/api.py`): a get asks the database one thing, and `SELECT 1` before it cost as much.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.types.datetime import TimestamptzLoader
from typing_extensions import override

Given = dict[str, Any] | Sequence[Any]
Rows = list[tuple[Any, ...]]
_PLACEHOLDER = re.compile(r"%(?:\((?P<name>\w+)\))?s")


class DatabaseWrapper(base.DatabaseWrapper):
    """For `ENGINE = "common.postgresql"`."""

    def is_usable(self) -> bool:
        """Whether the connection may be used.

        A server that ended it has closed the socket, of which reading tells; first comes its farewell, if it sent one.
        Such a look is short enough to keep the interpreter meanwhile: whoever lets go of it has to queue for it again.
        After an error the server is asked.
        """
        if self.connection is None or self.connection.closed:
            return False
        if self.errors_occurred:
            return super().is_usable()
        try:
            self.connection.pgconn.consume_input()
            self.connection.pgconn.consume_input()
        except psycopg.OperationalError:
            return False
        return True

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection whose driver may prepare, which Django forbids it by default; its own cursors never do."""
        return super().get_new_connection({**conn_params, "prepare_threshold": 0})

    def fetch_prepared(self, query: str, given: Given) -> Rows:
        """The rows of a statement that PostgreSQL parses and plans once a connection, in Django's transaction.

        Placeholders are Django's; every parameter needs a type (`%s::bigint`). Raises Django's errors.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        self.validate_no_broken_transaction()
        is_logged = self.queries_logged  # Django's log asks for the text that was sent, which a prepared one lacks
        with self.wrap_database_errors:
            own: Any = _PreparingCursor(self.connection, prepares=not is_logged)
        with self.make_debug_cursor(own) if is_logged else self.make_cursor(own) as cursor:
            text, names = _numbered(query)
            cursor.execute(text, [given[name] for name in names] if isinstance(given, dict) else list(given))
            return list(cursor.fetchall())


class _PreparingCursor(psycopg.RawCursor[Any]):
    """The driver's own cursor, which sends values apart from the text, begins transactions, and prepares at once."""

    def __init__(self, connection: "psycopg.Connection[Any]", *, prepares: bool) -> None:
        super().__init__(connection)
        self.prepares = prepares
        # The driver's own reader; Django's makes a second datetime of each, in Python. Both give UTC.
        self.adapters.register_loader("timestamptz", TimestamptzLoader)

    @override
    def execute(self, query: Any, params: Any = None, **options: Any) -> "_PreparingCursor":
        """Runs it. After an error all statements are prepared anew: a changed table may have been the reason."""
        try:
            return super().execute(query, params, **options | {"prepare": self.prepares})
        except psycopg.NotSupportedError:
            if self.connection.autocommit:  # else the driver forgets them with the transaction, which is lost
                self.connection.execute("DEALLOCATE ALL")
            raise


@lru_cache(maxsize=256)
def _numbered(query: str) -> tuple[str, tuple[str, ...]]:
    """`%s` or `%(name)s` as PostgreSQL's own `$1`, and the names by number (those of `%s` are made up).

    The driver would do it anew for each call of a statement as long as a new session's, which took 0.9 ms.
    """
    names: list[str] = []

    def number(found: "re.Match[str]") -> str:
        name = found["name"] or str(len(names))
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACEHOLDER.sub(number, query), tuple(names)
