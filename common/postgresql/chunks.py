"""Tables in chunks: PostgreSQL's partitions by ranges of ids, made ahead and dropped whole when all of one is old.

Ids are handed out in order, so a chunk is a stretch of time as well, and what is read by id or in its order is read as
from one table. How many ids a chunk has is taken from how fast the last one filled: about a `period`'s worth, so that
there are few. What no chunk has a place for goes into the one called `…_beyond`: nothing is refused because a job did
not run.

A key that does not hold the id is unique within a chunk: `LIKE` copies the keys of the one before. What chunks are
stored with (`WITH`) the one beyond says, which is never dropped and which migrations change: a whole has no such words.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import OperationalError, ProgrammingError, connection, transaction
from psycopg.errors import UndefinedObject

# Shorter than PostgreSQL's look for deadlocks (1 s): who sells or sends never is the one that is broken off.
LOCK_TIMEOUT = "500ms"
_WAIT_BRIEFLY = f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"
_DAY = timedelta(days=1)
_BOUND = re.compile(r"FOR VALUES FROM \((?:MINVALUE|'(\d+)')\) TO \('(\d+)'\)")
_CHUNKS = """
SELECT chunk.relname, pg_get_expr(chunk.relpartbound, chunk.oid)
FROM pg_inherits JOIN pg_class AS chunk ON chunk.oid = inhrelid WHERE inhparent = to_regclass(%s)
"""
_STORED_WITH = "SELECT coalesce(array_to_string(reloptions, ', '), '') FROM pg_class WHERE oid = to_regclass(%s)"

# ruff: noqa: S608  (what is put into the statements are names of our own)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chunk:
    """Ids from `lower`, up to but without `upper`."""

    name: str
    lower: int
    upper: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunked:
    """A table by its `id`, and those whose rows hang on its rows: the same chunks, by what names the id there."""

    table: str
    moment: str  # the column of when a row was written
    period: timedelta  # about what a chunk is to hold
    least: int  # ids a chunk
    followers: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """All of them."""
        return (self.table, *self.followers)

    def chunks(self) -> list[Chunk]:
        """In order, without the one beyond."""
        found = [(name, _BOUND.fullmatch(bound)) for name, bound in _rows(_CHUNKS, [self.table])]
        return sorted(
            (Chunk(name, int(match[1] or 0), int(match[2])) for name, match in found if match),
            key=lambda chunk: chunk.lower,
        )

    def beside(self, chunk: Chunk) -> list[str]:
        """The names of a chunk's tables, those first whose rows hang on others'."""
        suffix = chunk.name.removeprefix(self.table)
        return [*(table + suffix for table in self.followers), chunk.name]


class _OvertakenError(Exception):
    """Another run makes the chunk, or has just made it."""


def make_ahead(chunked: Chunked, now: datetime) -> None:
    """Makes a chunk when the last one is being written; later, when somebody has been reading all of it for long.

    Safe to run twice at once.
    """
    newest, last = chunked.chunks()[-1], _last(chunked.table)
    if last < newest.lower:
        return
    # What stands behind the newest already stays beyond.
    lower = last + chunked.least if _last(f"{chunked.table}_beyond") >= newest.upper else newest.upper
    upper = lower + _size(chunked, newest, last, now)
    until_next_run = suppress(OperationalError, _OvertakenError)
    with until_next_run, _looked_through(chunked, lower, upper), _alone(chunked) as chunks:
        if chunks[-1] == newest:
            _make(chunked, newest, lower, upper)
            for table in chunked.tables:  # of the whole, which autovacuum leaves out
                transaction.on_commit(partial(_run, f"ANALYZE {table}"), robust=True)


def make_from(chunked: Chunked, lower: int) -> None:
    """Makes a chunk for ids that jump ahead to `lower`. When somebody has been reading all of it for long, none."""
    with suppress(OperationalError):
        make_next(chunked, lower)


def make_next(chunked: Chunked, lower: int) -> None:
    """The same; raises OperationalError when somebody has been reading all of it for long."""
    with _alone(chunked) as chunks:
        if chunks[-1].upper <= lower:
            _make(chunked, chunks[-1], lower, lower + chunked.least)


def _make(chunked: Chunked, newest: Chunk, lower: int, upper: int) -> None:
    """From the first `ATTACH` until the transaction ends everybody waits who looks into what is beyond, or changes what
    the rows refer to. So what takes longer is done before and after.

    The newest may have been made by a process of the release before, which stored it in another way.
    """
    suffix = newest.name.removeprefix(chunked.table)
    for table in chunked.tables:
        [(options,)] = _rows(_STORED_WITH, [f"{table}_beyond"])
        like = f"LIKE {table}{suffix} INCLUDING ALL EXCLUDING IDENTITY"
        _run(f"CREATE TABLE {table}_from_{lower} ({like}) {f'WITH ({options})' if options else ''}")
        if options and _rows(_STORED_WITH, [table + suffix]) != [(options,)]:
            _run(f"ALTER TABLE {table}{suffix} SET ({options})")
    for table in chunked.tables:
        _run(f"ALTER TABLE {table} ATTACH PARTITION {table}_from_{lower} FOR VALUES FROM ({lower}) TO ({upper})")
    _log.info("chunks.made", table=chunked.table, lower=lower, upper=upper)


@contextmanager
def _looked_through(chunked: Chunked, lower: int, upper: int) -> Iterator[None]:
    """That nothing beyond belongs into a new chunk is checked beside all others: `ATTACH` would keep them waiting.

    Beyond is empty as a rule, and then there is nothing to look through.
    """
    filled = [table for table in chunked.tables if _last(f"{table}_beyond")]
    try:
        for table in filled:
            [(key,)] = _rows("SELECT substring(pg_get_partkeydef(to_regclass(%s)) FROM '\\((.+)\\)')", [table])
            _briefly(
                f"ALTER TABLE {table}_beyond DROP CONSTRAINT IF EXISTS {table}_beyond_is_not, "
                f"ADD CONSTRAINT {table}_beyond_is_not CHECK ({key} < {lower} OR {key} >= {upper}) NOT VALID"
            )
            _validate(f"{table}_beyond", f"{table}_beyond_is_not")
        yield
    finally:
        # Where somebody reads, it stays: either the chunk is there, or the next run makes it anew, long before `lower`.
        for table in filled:
            _briefly(f"ALTER TABLE {table}_beyond DROP CONSTRAINT IF EXISTS {table}_beyond_is_not")


def drop_old(
    chunked: Chunked,
    *,
    before: datetime,
    may_go: Callable[[list[str]], bool] = lambda _tables: True,
    clear: Callable[[list[str]], None] = lambda _tables: None,
) -> bool:
    """Drops chunks of which all is older. Returns whether rows that are old remain to be deleted one by one.

    They do in the chunk that is written to, and in one that was filled so slowly that its oldest row would wait more
    than two periods for its newest. `may_go` is asked about a chunk's tables before anybody has to wait, and once more
    when nobody can write to them; between, `clear` takes away what is of no use without them.
    """
    last = _last(chunked.table)
    filled = [chunk for chunk in chunked.chunks()[:-1] if chunk.upper <= last]
    for chunk in filled:
        newest = _moment(chunked, chunk, "DESC")
        if newest is None or newest < before:
            _drop(chunked, chunk, may_go, clear)
    [oldest, *_] = chunked.chunks()
    first, newest = _moment(chunked, oldest, "ASC"), _moment(chunked, oldest, "DESC")
    if first is None or newest is None or oldest.upper > last or _last(f"{chunked.table}_beyond"):
        return True
    return newest < before or newest - first > 2 * chunked.period


def _drop(
    chunked: Chunked, chunk: Chunk, may_go: Callable[[list[str]], bool], clear: Callable[[list[str]], None]
) -> None:
    parents, tables = [*chunked.followers, chunked.table], chunked.beside(chunk)
    with suppress(OperationalError), _alone(chunked) as chunks:  # else the next run finds it again
        if chunk not in chunks or not may_go(tables):
            return
        clear(tables)
        for parent, table in zip(parents, tables, strict=True):
            _run(f"ALTER TABLE {parent} DETACH PARTITION {table}")
        if may_go(tables):
            _run(f"DROP TABLE {', '.join(tables)}")
            _log.info("chunks.dropped", tables=tables)
        else:
            transaction.set_rollback(True)


@contextmanager
def _alone(chunked: Chunked) -> Iterator[list[Chunk]]:
    """A transaction that no other of its kind runs beside; the chunks as they stand then."""
    with transaction.atomic():
        _run(_WAIT_BRIEFLY)
        _run(f"LOCK TABLE {chunked.table} IN SHARE UPDATE EXCLUSIVE MODE")
        yield chunked.chunks()


def _size(chunked: Chunked, newest: Chunk, last: int, now: datetime) -> int:
    """About as many ids as a period needs, at the speed of the newest chunk that has rows."""
    first = _rows(
        f"SELECT id, {chunked.moment} FROM {chunked.table} WHERE id >= %s ORDER BY id LIMIT 1", [newest.lower]
    )
    if not first:
        return chunked.least
    [(since, at)] = first
    return max(chunked.least, int((last - since) * (chunked.period / max(now - at, _DAY))))


def _last(table: str) -> int:
    rows = _rows(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 1", [])
    return int(rows[0][0]) if rows else 0


def _moment(chunked: Chunked, chunk: Chunk, order: str) -> datetime | None:
    rows = _rows(f"SELECT {chunked.moment} FROM {chunk.name} ORDER BY id {order} LIMIT 1", [])
    return rows[0][0] if rows else None


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _validate(table: str, constraint: str) -> None:
    try:
        _run(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}")
    except ProgrammingError as error:
        if isinstance(error.__cause__, UndefinedObject):
            raise _OvertakenError from error
        raise


def _briefly(statement: str) -> None:
    with transaction.atomic():
        _run(_WAIT_BRIEFLY)
        _run(statement)


def _rows(statement: str, given: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())
