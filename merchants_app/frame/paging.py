"""Pages of the dashboard's long lists (`common.keyset`), with what leads to the next one and back to the newest."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

from common.keyset import first_of

M = TypeVar("M", bound=Model)
SIZE = 50


@dataclass(frozen=True, slots=True)
class Slice(Generic[M]):
    """One page of rows, newest first."""

    rows: list[M]
    older: str  # query string of the next page; empty at the end
    newest: str  # query string of the first page; empty when this is it

    def __bool__(self) -> bool:
        return bool(self.rows)


def newest_first(rows: QuerySet[M], asked: QueryDict, *, size: int = SIZE) -> Slice[M]:
    """The page that the request's query asks for by `before=<row>`; what is no number starts at the newest."""
    before = asked.get("before", "")
    on_first = not (before.isdecimal() and len(before) < 19)
    shown, more = first_of((rows if on_first else rows.filter(pk__lt=int(before))).order_by("-id"), size)
    rest = asked.copy()
    rest.pop("before", None)
    newest = "" if on_first else rest.urlencode() or "_"
    if more:
        rest["before"] = str(shown[-1].pk)
    return Slice(rows=shown, older=rest.urlencode() if more else "", newest=newest)
