"""Admin lists of tables that grow: counted no further than anybody reads, and searched by index, by a term's form.

Django's own search compares `UPPER(column)` of several columns and tables at once, which no index answers. What a list
is searched, narrowed or sorted by without an index is looked for among its newest rows.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
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
_FORM_WORDS = {"hash": "transaction", "e-mail": "e-mail address"}


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # not subscriptable at run time
    """Of the newest 10,000 rows: what is older is searched for."""

    @cached_property
    def count(self) -> int:
        """How many there are, counted no further."""
        rows: Any = self.object_list
        return int(rows.order_by()[:MOST_COUNTED].count())


class NewestLookedThrough(ChangeList):
    """A list that says so in its title when it is of the newest rows alone.

    That is where it is searched for what no index finds, and where it is narrowed by other than its admin's
    `filters_by_index`, or sorted by what somebody clicked, without a search that narrows it already.
    """

    model_admin: Any  # one that is a `LargeList`
    beyond: int | None = None  # the key of the newest row that is not looked at

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if self.beyond is not None:
            self.title = f"{self.title}, of the newest {LOOKED_THROUGH:,}"

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """What the page shows and counts."""
        rows = super().get_queryset(request, exclude_parameters)
        if self._reads_few():
            return rows
        keys = self.root_queryset.order_by("-pk").values_list("pk", flat=True)
        self.beyond = next(iter(keys[LOOKED_THROUGH : LOOKED_THROUGH + 1]), None)
        return rows if self.beyond is None else rows.filter(pk__gt=self.beyond)

    def _reads_few(self) -> bool:
        if self.query:
            return bool(self.model_admin.reads_few(self.query))
        narrowed_by = {name.partition("__")[0] for name in self.get_filters_params()}
        return narrowed_by <= {*self.model_admin.filters_by_index} and ORDER_VAR not in self.params


def by_known(name: str, known: Callable[[], Iterable[tuple[str, str]]]) -> type[admin.SimpleListFilter]:
    """A filter by values that are known, each with its words. `name`: a field, or a lookup of one.

    Django's own would read the whole table for those that are in it.
    """

    class Filter(admin.SimpleListFilter):
        title, parameter_name = name.partition("__")[0].replace("_", " "), name

        def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
            return list(known())

        def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            if self.value() is None:
                return queryset
            # What is typed into the address may be none of them, and no value of such a column.
            is_known = self.value() in {str(value) for value, _ in self.lookup_choices}
            return queryset.filter(**{name: self.value()}) if is_known else queryset.none()

    return Filter


class LargeList:
    """Mixed into a ModelAdmin whose table grows: counting it all would take longer than the page."""

    paginator: Any = CappedPaginator
    show_full_result_count: Any = False
    show_facets: Any = admin.ShowFacets.NEVER
    list_per_page: Any = 50  # a hundred take a fifth of a second to draw
    filters_by_index: tuple[str, ...] = ()  # the names of fields that all rows are narrowed by
    get_list_filter: Any  # of the ModelAdmin that it is mixed into

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[NewestLookedThrough]:
        return NewestLookedThrough

    def reads_few(self, _term: str) -> bool:
        """Whether such a search reads few rows, however many there are; a list without a search narrows none."""
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """An address narrows by the list's filters alone. Django takes any column of the table: by its beginning, a
        letter more each time, what no page shows could be read.
        """
        is_offered = any(lookup.partition("__")[0] == each.partition("__")[0] for each in self._filtered_by(request))
        return is_offered and bool(super().lookup_allowed(lookup, value, request))  # type: ignore[misc]  # a ModelAdmin's

    def _filtered_by(self, request: HttpRequest) -> Iterator[str]:
        for each in self.get_list_filter(request):
            named = each[0] if isinstance(each, tuple) else each
            yield named if isinstance(named, str) else named.parameter_name


def equal(lookup: str) -> Search:
    """The rows whose column is what was typed."""
    return lambda rows, term: rows.filter(**{lookup: term})


def folded(lookup: str) -> Search:
    """The same where the column has small letters alone, as e-mail addresses of people and hashes have."""
    return lambda rows, term: rows.filter(**{lookup: term.lower()})


class SearchedByForm(LargeList):
    """`search_by` says for each form of term (`cs_`, `hash`, `address`, `e-mail`) what is looked for among all rows.

    A term of another form is looked for in the columns `search_in`, as a part of them, among the newest rows.
    """

    search_fields: Any = ("pk",)  # shows the field
    search_by: ClassVar[dict[str, Search]] = {}
    search_in: ClassVar[tuple[str, ...]] = ()
    search_else: ClassVar[str] = ""  # what an admin finds besides, in a sentence
    search_help_text: Any = ""

    def __init_subclass__(cls, **options: Any) -> None:
        """Says beside the field what can be typed."""
        super().__init_subclass__(**options)
        whole = ", ".join(f"{form}…" if form[-1] == "_" else _FORM_WORDS.get(form, form) for form in cls.search_by)
        parts = ", ".join(name.replace("__", " ").replace("_", " ") for name in cls.search_in)
        among = f"Of the newest {LOOKED_THROUGH:,} also a part of: {parts}." if parts else ""
        cls.search_help_text = " ".join(filter(None, (whole and f"Whole: {whole}.", among, cls.search_else)))

    def reads_few(self, term: str) -> bool:
        """Where the term's form has its index."""
        return self._search(_tidied(term)) is not None

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the one index that the term's form stands for, or by parts. Which rows are new enough says the list."""
        term = _tidied(search_term)
        if not term:
            return queryset, False
        if search := self._search(term):
            return search(queryset, term), False
        parts = Q(*((f"{name}__icontains", term) for name in self.search_in), _connector=Q.OR)
        return (queryset.filter(parts) if parts else queryset.none()), False

    def _search(self, term: str) -> Search | None:
        form = next((name for name, pattern in _FORMS.items() if pattern.fullmatch(term)), term.partition("_")[0] + "_")
        return self.search_by.get(form)


def _tidied(term: str) -> str:
    return term.replace("\0", "").strip()
