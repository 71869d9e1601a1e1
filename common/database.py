"""Statements of our own on Django's connection."""

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import lru_cache
from typing import Any, cast

from django.db import connection, connections, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.functions import Greatest, Least, Now

from common.replica import reading_alias


def fetch(sql: str, given: Mapping[str, Any] | Sequence[Any], *, may_lag: bool = False) -> list[tuple[Any, ...]]:
    """The rows of a statement on Django's connection, in its transaction, with its errors; ask for JSON as `::text`.

    Values travel apart from the text, so that the driver prepares what is asked often (not behind a pooler):
    each needs a type (`%(id)s::bigint`). Where statements are logged, Django's own cursor sends them, values and all.
    may_lag: whether it is read from the replica, where `replica.from_replica()` is in force.
    """
    asked = connections[reading_alias()] if may_lag else connection
    if asked.queries_logged:
        cursor = asked.cursor()
    else:
        sql, names = _numbered(sql)
        given = [given[name] for name in names] if isinstance(given, Mapping) else list(given)
        cursor = cast("Any", asked).fetching_cursor()  # `common.postgresql`
    cursor.execute(sql, given)
    return list(cursor.fetchall())


def fetch_by_index(sql: str, given: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """The same for what is found a little at a time at places of an index, whatever statistics say of the table.

    By themselves they mislead: of a queue that was short when they were made, all is read and sorted for its first.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        return fetch(sql, given)


@lru_cache(maxsize=256)
def _numbered(sql: str) -> tuple[str, tuple[Any, ...]]:
    """With PostgreSQL's own `$1`, and the names by number: the driver would look for them in each call (0.1 ms)."""
    numbers: dict[Any, int] = {}
    text = re.sub(r"%(?:\((\w+)\))?s", lambda at: f"${numbers.setdefault(at[1] or at.start(), len(numbers) + 1)}", sql)
    return text, tuple(numbers)


def sooner(moment: str, by: timedelta) -> Greatest:
    """A field's moment so much nearer, at most until now: nothing becomes overdue by it, what is already stays so."""
    nearer = ExpressionWrapper(F(moment) - by, output_field=DateTimeField())
    return Greatest(nearer, Least(F(moment), Now()))


def failing_alone() -> AbstractContextManager[Any]:
    """Around one statement that may fail: it needs no transaction of its own, but must not break another's."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()
