"""Pages of the dashboard's long lists (`common.keyset`), with what leads to the next one and back to the newest.

They may be some seconds old: read from the database's replica, except by who has just changed something.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Generic, ParamSpec, TypeVar

from django.db import OperationalError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase

from common.keyset import first_of
from common.replica import MOST_BEHIND_SECONDS, from_replica
from merchants_app.frame.access import CHANGED_AT, SAFE_METHODS, Access

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Model)
SIZE = 50


@dataclass(frozen=True, slots=True)
class Slice(Generic[R]):
    """One page of rows, as a rule newest first."""

    rows: Sequence[R]
    older: str  # query string of the next page; empty at the end
    newest: str  # query string of the first page, "_" when it has none; empty when this is it
    newer: str = ""  # query string of the page before, where pages can be turned back

    def __bool__(self) -> bool:
        return bool(self.rows)


@dataclass(frozen=True, slots=True)
class Cursor:
    """From which row on, and which way: `before=<row>` is the next page, `after=<row>` the one before."""

    row: int | None
    back: bool

    @classmethod
    def of(cls, asked: QueryDict) -> "Cursor":
        """As the query says it; what is no number starts at the first page."""
        for name in ("before", "after"):
            text = asked.get(name, "")
            if text.isdecimal() and text.isascii() and len(text) < 19:
                return cls(int(text), name == "after")
        return cls(None, False)

    def slice(self, rows: Sequence[R], asked: QueryDict, *, more: bool) -> "Slice[R]":
        """The page, of rows that have an `id`, with what leads on and back.

        `more`: there are others beyond it, the way that was turned to.
        """
        rest = asked.copy()
        rest.pop("before", None)
        rest.pop("after", None)

        def leading(name: str, row: R) -> str:
            query = rest.copy()
            query[name] = str(row.id)  # type: ignore[attr-defined]
            return query.urlencode()

        has_older, has_newer = (True, more) if self.back else (more, self.row is not None)
        return Slice(
            rows=rows,
            older=leading("before", rows[-1]) if rows and has_older else "",
            newer=leading("after", rows[0]) if rows and has_newer else "",
            newest=(rest.urlencode() or "_") if self.row is not None and (has_newer or not rows) else "",
        )


def newest_first(rows: QuerySet[M], asked: QueryDict, *, size: int = SIZE) -> Slice[M]:
    """The page that the request's query asks for; what is no number starts at the newest."""
    cursor = Cursor.of(asked)
    if cursor.row is not None:
        rows = rows.filter(**{"pk__gt" if cursor.back else "pk__lt": cursor.row})
    found, more = first_of(rows.order_by("id" if cursor.back else "-id"), size)
    return cursor.slice(found[::-1] if cursor.back else found, asked, more=more)


def may_lag(
    view: Callable[Concatenate[HttpRequest, Access, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Below `for_members`: what a GET of the page reads may come from the replica; if that fails, from the primary."""

    @wraps(view)
    def door(request: HttpRequest, access: Access, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method in SAFE_METHODS:
            lags = False
            try:
                with lagging(request) as lags:
                    return view(request, access, *args, **kwargs)
            except OperationalError:
                if not lags:
                    raise
        return view(request, access, *args, **kwargs)

    return door


@contextmanager
def lagging(request: HttpRequest) -> Iterator[bool]:
    """Reads from the replica, unless this browser has changed something that may not be there yet."""
    if time.time() - request.session.get(CHANGED_AT, 0) < 2 * MOST_BEHIND_SECONDS:
        yield False
        return
    with from_replica() as lags:
        yield lags
