"""Django's PostgreSQL backend with a cheaper health check, and statements that are prepared.

Both are for the API's speed (`bench/api.py`): a get asks the database one thing, and `SELECT 1` before it cost as much.
"""

from types import SimpleNamespace
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from common.postgresql.prepared import Given, PreparedStatements, Rows


class DatabaseWrapper(base.DatabaseWrapper):
    """For `ENGINE = "common.postgresql"`."""

    _prepared: PreparedStatements

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

    def fetch_prepared(self, query: str, given: Given) -> Rows:
        """The rows of a statement that PostgreSQL parses and plans once a connection, in Django's transaction.

        Placeholders are Django's; every parameter needs a type (`%s::bigint`). Raises Django's errors.
        """
        self.close_if_health_check_failed()
        if self.connection is None:
            self.connect()
        self.validate_no_broken_transaction()
        if self.queries_logged or self.execute_wrappers:
            cursor: Any = self._prepare_cursor(_Seen(self._prepared))  # type: ignore[attr-defined]
            cursor.execute(query, given)
            return list(cursor.fetchall())
        with self.wrap_database_errors:
            return self._prepared.fetch(query, given)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection, with which nothing is prepared yet."""
        connection = super().get_new_connection(conn_params)
        self._prepared = PreparedStatements(connection)
        return connection


class _Seen:
    """As much of a cursor as Django's own need around it: for its log of queries, and for whoever wraps them."""

    def __init__(self, prepared: PreparedStatements) -> None:
        self.prepared = prepared

    def execute(self, query: str, given: Given) -> None:
        self._query = SimpleNamespace(query=query.encode())  # where Django looks for what to write into its log
        self.rows = self.prepared.fetch(query, given)

    def fetchall(self) -> Rows:
        return self.rows
