"""Admin lists of tables that grow: counted no further than anybody reads, and searched by index, by a term's form.

Django's own search compares `UPPER(column)` of several columns and tables at once, which no index answers. What a list
is narrowed or sorted by without an index is looked for among its newest rows.
"""

import re
from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

MOST_COUNTED = 10_000
LOOKED_THROUGH = 20_000
Search = Callable[[QuerySet[Any], str], QuerySet[Any]]
_FORMS = {
    "hash": re.compile(r"0x[0-9a-f]{64}", re.IGNORECASE),
    "address": re.compile(r"0x[0-9a-f]{40}", re.IGNORECASE),
    "e-mail": re.compile(r"[^@\s]+@[^@\s]+"),
}


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # not subscriptable at run time
    """Of the newest 10,000 rows: what is older is searched for."""

    @cached_property
    def count(self) -> int:
        """How many there are, counted no further."""
        rows: Any = self.object_list
        return int(rows.order_by()[:MOST_COUNTED].count())


class NewestLookedThrough(ChangeList):
    """A list that says so in its title when it is of the newest rows alone.

    That is where it is narrowed by other than its admin's `filters_by_index`, or sorted by what somebody clicked, and
    no search narrows it already.
    """

    model_admin: Any  # one that is `ReadOnly`
    beyond: int | None = None  # the key of the newest row that is not looked at

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if self.beyond is not None:
            self.title = f"{self.title}, of the newest {LOOKED_THROUGH:,}"

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """What the page shows and counts."""
        rows = super().get_queryset(request, exclude_parameters)
        narrowed_by = {name.partition("__")[0] for name in self.get_filters_params()}
        if self.query or (narrowed_by <= {*self.model_admin.filters_by_index} and ORDER_VAR not in self.params):
            return rows
        keys = self.root_queryset.order_by("-pk").values_list("pk", flat=True)
        self.beyond = next(iter(keys[LOOKED_THROUGH : LOOKED_THROUGH + 1]), None)
        return rows if self.beyond is None else rows.filter(pk__gt=self.beyond)


def equal(lookup: str) -> Search:
    """The rows whose column is what was typed."""
    return lambda rows, term: rows.filter(**{lookup: term})


def folded(lookup: str) -> Search:
    """The same where the column has small letters alone, as e-mail addresses of people and hashes have."""
    return lambda rows, term: rows.filter(**{lookup: term.lower()})


class SearchedByForm:
    """Mixed into a ModelAdmin: `search_by` says for each form of term (`cs_`, `hash`, `address`, `e-mail`) what is
    looked for. A term of no such form finds nothing.
    """

    search_fields: Any = ("pk",)  # shows the field
    search_help_text: Any = "A whole id, address, transaction or e-mail address, whichever these have."
    search_by: ClassVar[dict[str, Search]]

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the one index that the term's form stands for."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        form = next((name for name, pattern in _FORMS.items() if pattern.fullmatch(term)), term.partition("_")[0] + "_")
        search = self.search_by.get(form)
        return (search(queryset, term) if search else queryset.none()), False
