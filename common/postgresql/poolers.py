"""Poolers between us and PostgreSQL: whether there is one, and what may be done behind it.

One that lends a connection for a transaction gives the next transaction another: nothing may be left on a connection.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Model, QuerySet

SESSION, TRANSACTION = "session", "transaction"

_Row = TypeVar("_Row")
UNNAMED = (
    "A pooler stands between Tallystick and PostgreSQL. Set DATABASE_POOLER=transaction; or DATABASE_POOLER=session, "
    "if each of our connections has one of PostgreSQL's to itself."
)

# Of commands that leave settings on their connection, which a pooler would give to others.
NOT_THROUGH_ONE = "DATABASE_URL leads to a pooler: give this command PostgreSQL's own address in it."


def is_lent_by_transaction() -> bool:
    """Whether the next transaction is on another connection than this one."""
    return bool(settings.DATABASE_POOLER == TRANSACTION)


def is_pooled() -> bool:
    """Whether somebody stands between: who answers a connection tells the number of its process, and poolers their own.

    Raises what a database raises that is away.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    assert connection.connection is not None
    return bool(connection.connection.info.backend_pid != pid)


def refuse_unnamed_pooler() -> None:
    """Ends a process that was not told of the pooler, before it gives wrong answers. One that is away may come."""
    if settings.DATABASE_POOLER:
        return
    try:
        if is_pooled():
            raise SystemExit(f"Not started: {UNNAMED}")
    except (DatabaseError, InterfaceError):
        pass
    finally:
        connection.close()


def read_in_pieces(rows: QuerySet[Model, _Row], *, size: int) -> Iterator[_Row]:
    """The rows, through a cursor of the database's: so many at a time.

    Behind a pooler it stays within one transaction: close what it gives, in the thread that reads.
    """
    with transaction.atomic(rows.db) if is_lent_by_transaction() else nullcontext():
        yield from rows.iterator(chunk_size=size)
