"""Statements that PostgreSQL has parsed and planned for a connection, run by one call of libpq's.

psycopg's cursors take sixty steps in Python for a statement, which asyncio, pipelines and copying need; a new session
took a tenth of its time there (`bench/api.py`). What values look like on the wire is psycopg's affair here, too.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any

import psycopg
from psycopg import errors
from psycopg.abc import PyFormat
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.types.datetime import TimestamptzLoader

Connection = psycopg.Connection[Any]
Given = dict[str, Any] | Sequence[Any]
Rows = list[tuple[Any, ...]]

_MOST_READY = 100
# Never the same name twice, whoever else used the connection before.
_numbers = count(1)
_PLACEHOLDER = re.compile(r"%(?:\((?P<name>\w+)\))?s(?P<moment>::timestamptz\b)?")
# After these PostgreSQL will not run the statement again as it was prepared: a table changed, or it was deallocated.
_OUTDATED = (errors.FeatureNotSupported, errors.InvalidSqlStatementName)


class PreparedStatements:
    """Those of one connection: a statement's first use prepares it, the least recently used gives way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ready: OrderedDict[str, _Prepared] = OrderedDict()
        context = connection.cursor()
        # The driver's own reader; Django's makes a second datetime of each, in Python. Both give UTC.
        context.adapters.register_loader("timestamptz", TimestamptzLoader)
        self._context = context

    def fetch(self, query: str, given: Given) -> Rows:
        """The statement's rows. Placeholders are Django's; every parameter needs a type (`%s::bigint`)."""
        statement = self._ready.get(query) or self._prepare(query)
        self._ready.move_to_end(query)
        try:
            return statement.fetch(given)
        except _OUTDATED:
            del self._ready[query]
            raise

    def _prepare(self, query: str) -> "_Prepared":
        if len(self._ready) >= _MOST_READY:
            _, oldest = self._ready.popitem(last=False)
            oldest.deallocate()
        statement = _Prepared(self._connection, f"ready_{next(_numbers)}", query, self._context)
        self._ready[query] = statement
        return statement


class _Prepared:
    """One statement."""

    def __init__(self, connection: Connection, name: str, query: str, context: psycopg.Cursor[Any]) -> None:
        text, self._names, self._formats = _numbered(query)
        self._server, self._lock = connection.pgconn, connection.lock
        self._name = name.encode()
        # It remembers how to write and read the types of its last values, so each statement has its own.
        self._values = Transformer(context)
        with self._lock:
            result = self._server.prepare(self._name, text)
        self._check(result, ExecStatus.COMMAND_OK)

    def fetch(self, given: Given) -> Rows:
        values = [given[name] for name in self._names] if isinstance(given, dict) else given
        with self._lock:
            # NULL is None there, which the type that psycopg gives its parameters does not know.
            written: list[Any] = self._values.dump_sequence(values, self._formats)  # type: ignore[assignment]
            result = self._server.exec_prepared(self._name, written, self._values.formats)
        self._check(result, ExecStatus.TUPLES_OK)
        self._values.set_pgresult(result)
        return self._values.load_rows(0, result.ntuples, tuple)

    def deallocate(self) -> None:
        with self._lock:
            self._server.exec_(b"DEALLOCATE " + self._name)

    def _check(self, result: PGresult, wanted: ExecStatus) -> None:
        if self._server.status == ConnStatus.BAD:
            raise psycopg.OperationalError(result.get_error_message())
        if result.status != wanted:
            raise errors.error_from_result(result)


@lru_cache(maxsize=256)
def _numbered(query: str) -> tuple[bytes, tuple[str, ...], list[PyFormat]]:
    """`%s` or `%(name)s` as `$1`, and by number the names (those of `%s` are made up) and how their values are written.

    Moments as the number that they are to PostgreSQL: written out and read again they cost as much as a row's index.
    """
    names: list[str] = []
    formats: list[PyFormat] = []

    def number(found: "re.Match[str]") -> str:
        name = found["name"] or str(len(names))
        if name not in names:
            names.append(name)
            formats.append(PyFormat.BINARY if found["moment"] else PyFormat.TEXT)
        return f"${names.index(name) + 1}{found['moment'] or ''}"

    text = _PLACEHOLDER.sub(number, query)
    return text.encode(), tuple(names), formats
