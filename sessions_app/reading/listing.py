"""A page of the dashboard's list of sessions, with what all that match come to together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.expressions import RawSQL

from common.errors import Conflict
from common.keyset import first_of
from sessions_app.books.definitions import MOST_SUMMED
from sessions_app.reading.list_sql import LOOKED_THROUGH, Order, Total, keys_of, read_sorted, too_old, totals_of
from sessions_app.reading.searching import found_as_filter
from sessions_app.scope import SessionScope
from sessions_app.state.session_view import SessionView


class TooManyFound(Conflict):
    """A search breaks off there: a file of what it has found would end somewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to see: filters as `list_sql` names them, words to look for, how it is sorted."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    order: Order = Order.NEWEST

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.filters or self.metadata or self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page; `more`: there are others beyond it, the way it was turned to.

    `among`: of how many of the newest they are, where older ones were not looked at.
    """

    sessions: Sequence[SessionView]
    more: bool
    totals: Sequence[Total] | None  # None: more sessions than are summed up
    among: int | None


def list_sessions(scope: SessionScope, wanted: Wanted, *, beyond: int | None, back: bool, size: int) -> Listed:
    """The page behind the session with the key `beyond`; `back`: the one before it."""
    narrowed = _narrowed(scope, wanted)
    older = too_old(scope.merchant, scope.mode, filters=narrowed["filters"], newest=LOOKED_THROUGH)
    if older:
        narrowed["filters"]["above"] = older
    rows = read_sorted(
        scope.merchant, scope.mode, **narrowed, order=wanted.order, beyond=beyond, back=back, limit=size + 1
    )
    shown, more = first_of(rows, size)
    return Listed(
        sessions=shown[::-1] if back else shown,
        more=more,
        totals=totals_of(scope.merchant, scope.mode, **narrowed),
        among=LOOKED_THROUGH if older else None,
    )


def all_listed(scope: SessionScope, wanted: Wanted) -> RawSQL:
    """The keys of all that it lists, however old, for a file of them. Raises TooManyFound."""
    narrowed = _narrowed(scope, wanted)
    whole(narrowed["filters"].get("found", ()))
    return keys_of(scope.merchant, scope.mode, **narrowed)


def behind(column: str, last: object, key: int, *, falls: bool) -> Q:
    """Rows that come behind one by that column, and of the same by their keys."""
    way = "lt" if falls else "gt"
    after = Q((f"{column}__{way}", last)) | Q((column, last), (f"pk__{way}", key))
    return after & Q((f"{column}__{way}e", last))  # said once more, which is what an index can be read from


def of_days(column: str, since: datetime | None, before: datetime | None) -> dict[str, datetime]:
    """The filter of rows by when they were: from one moment on, before the other, or both."""
    ends = {f"{column}__gte": since, f"{column}__lt": before}
    return {name: end for name, end in ends.items() if end}


def whole(found: Sequence[int]) -> Sequence[int]:
    """What a search has found, if that is all there is. Raises TooManyFound."""
    if len(found) > MOST_SUMMED:
        raise TooManyFound(f"More than {MOST_SUMMED:,} sessions have these words: narrow the list down further first.")
    return found


def _narrowed(scope: SessionScope, wanted: Wanted) -> dict[str, Any]:
    found = found_as_filter(scope, wanted.text) if wanted.text else {}
    return {"filters": {**wanted.filters, **found}, "metadata": wanted.metadata}
