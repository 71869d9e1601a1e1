"""All or nothing: a rule is broken off after each of its writes in turn, and the whole database must be as it was."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from merchants_app.models import Merchant
from tests.locks.listing import ATOMIC

Act = Callable[[], object]
Prepare = Callable[[Merchant], Act]
Stored = dict[str, str]

_LOCKING = re.compile(r"FOR\s+(NO\s+KEY\s+)?UPDATE")
# A business's and an endpoint's own row: sessions, keys and deliveries are made while somebody changes it.
_STOPS_OTHERS = re.compile(r'FROM "(merchants_app_merchant|webhooks_app_webhookendpoint)".*FOR UPDATE')
_WRITING = re.compile(r'\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')


class Boom(BaseException):
    """The test's own: nobody in the code catches it, not even who goes on whatever happens."""


@dataclass(frozen=True)
class Case:
    """A rule that writes in a transaction. `prepare` sets the stage for a business and returns what is to be done."""

    prepare: Prepare
    apart: int = 0  # its first writes, which by its design are committed whatever becomes of the rest
    covers: int | None = None  # how many writes after those are one; None: all that follow
    everybody: str = ""  # why it may change what belongs to others


CASES: dict[str, Case] = {}


def holds(
    place: str, *, apart: int = 0, covers: int | None = None, everybody: str = ""
) -> Callable[[Prepare], Prepare]:
    """Says which function's `atomic` the case below stands for."""

    def note(prepare: Prepare) -> Prepare:
        assert place not in CASES, place
        CASES[place] = Case(prepare, apart, covers, everybody)
        return prepare

    return note


def held_by_cases() -> set[str]:
    """The names of `listing` that cases stand for."""
    return {f"{place}: {ATOMIC}" for place in CASES}


class Breaker:
    """Raises Boom as soon as the `nth` write is done. For `connection.execute_wrapper`.

    `before` is what the others see; where writes stand apart, it looks anew after those: from there on it is one.
    `written` are the tables that were written to.
    """

    def __init__(self, nth: int, *, apart: int, others: BaseDatabaseWrapper, before: Stored) -> None:
        self.nth, self.apart, self.others, self.before = nth, apart, others, before
        self.count = 0
        self.written: set[str] = set()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """One statement."""
        assert not _STOPS_OTHERS.search(sql), "whoever adds a row that refers to it would wait: no_key=True"
        written = _WRITING.findall(_LOCKING.sub("", sql))
        if not written:
            return execute(sql, params, many, context)
        self.written.update(_digests().keys() & written)  # not `SET` of `ON CONFLICT DO UPDATE SET`
        self.count += 1
        if self.apart and self.count == self.apart + 1:
            self.before = stored(self.others)
        answer = execute(sql, params, many, context)
        if self.count == self.nth:
            raise Boom(sql[:100])
        return answer


def stored(others: BaseDatabaseWrapper, tables: Iterable[str] = ()) -> Stored:
    """A digest of the committed rows of each table, or of these, read by one statement of another connection."""
    digests = _digests()
    with others.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(digests[name] for name in tables or digests))
        return dict(cursor.fetchall())


@cache
def _digests() -> dict[str, str]:
    rows = "md5(coalesce(string_agg(row::text, ' ' ORDER BY row::text), ''))"
    return {
        name: f"SELECT '{name}', {rows} FROM \"{name}\" AS row"
        for name in sorted(connection.introspection.django_table_names(only_existing=True))
    }
