"""How we stand on Django's PostgreSQL backend: its health check, and statements of our own that the driver prepares.

Both are for the API's calls (`python -m bench api`): a get asks the database one thing; `SELECT 1` before it would cost
as much, and parsing and planning it more. This is the only module that looks behind Django's connection.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """For `ENGINE = "common.postgresql"`."""

    def is_usable(self) -> bool:
        """Whether the connection may be used by the next request: Django's own hook.

        A server that ended it has closed the socket, of which reading tells; first comes its farewell, if it sent one.
        After an error it is not used again: what is prepared on it may be about a table as it was before an upgrade.
        """
        if self.connection is None or self.connection.closed or self.errors_occurred:
            return False
        try:
            self.connection.pgconn.consume_input()
            self.connection.pgconn.consume_input()
        except psycopg.OperationalError:
            return False
        return True


def fetch(sql: str, given: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement, on Django's connection, in its transaction, with its errors, log and placeholders.

    Values travel apart from the text, so that the driver prepares what is asked often (`DATABASE_PREPARE`): every
    placeholder needs a type (`%(id)s::bigint`). JSON comes as text.
    """
    with connection.cursor() as cursor:
        # Django's log asks for the text that was sent, which a prepared statement lacks: then its own cursor sends it.
        if not connection.queries_logged:
            binding: Any = psycopg.Cursor(connection.connection)
            cursor = connection.make_cursor(binding)
        cursor.execute(sql, given)
        return list(cursor.fetchall())


def failing_alone() -> AbstractContextManager[Any]:
    """Around one statement that may fail: it needs no transaction of its own, but must not break another's."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()
