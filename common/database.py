"""How we stand on Django's PostgreSQL backend: the only module that looks behind its connection.

For the API's calls (`python -m bench api`): a get asks one thing, and `SELECT 1` before it would cost as much.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """For `ENGINE = "common.postgresql"`."""

    def is_usable(self) -> bool:
        """Whether it is still there: a server that ended it has closed the socket, which shows at the second reading.

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
    """The rows of a statement on Django's connection, in its transaction, with its errors; JSON comes as text.

    Values travel apart from the text, so that the driver prepares what is asked often (unless `DATABASE_PREPARE=0`):
    each needs a type (`%(id)s::bigint`). Where statements are logged, Django's own cursor sends them, values and all.
    """
    with connection.cursor() as cursor:
        if not connection.queries_logged:
            sql, names = _numbered(sql)
            given = [given[name] for name in names] if isinstance(given, Mapping) else list(given)
            cursor = connection.make_cursor(psycopg.RawCursor(connection.connection))  # type: ignore[arg-type]
        cursor.execute(sql, given)
        return list(cursor.fetchall())


@lru_cache(maxsize=256)
def _numbered(sql: str) -> tuple[str, tuple[Any, ...]]:
    """With PostgreSQL's own `$1`, and the names by number: the driver would look for them in each call (0.1 ms)."""
    numbers: dict[Any, int] = {}
    text = re.sub(r"%(?:\((\w+)\))?s", lambda at: f"${numbers.setdefault(at[1] or at.start(), len(numbers) + 1)}", sql)
    return text, tuple(numbers)


def failing_alone() -> AbstractContextManager[Any]:
    """Around one statement that may fail: it needs no transaction of its own, but must not break another's."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()
