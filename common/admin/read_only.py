"""Admin of records that only the gateway writes: operators look at them, search them, and change nothing."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin.large import CappedPaginator, NewestLookedThrough


class NothingAdded:
    """Mixed into an inline whose rows are made elsewhere."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(NothingAdded):
    """Mixed into a ModelAdmin or an inline: no adding, no changing, no deleting."""

    # Of a ModelAdmin alone: counting a table that grows takes longer than the page.
    paginator: Any = CappedPaginator
    show_full_result_count: Any = False
    show_facets: Any = admin.ShowFacets.NEVER
    list_per_page: Any = 50  # a hundred take a fifth of a second to draw
    filters_by_index: tuple[str, ...] = ()  # the names of fields that all rows are narrowed by

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[NewestLookedThrough]:
        return NewestLookedThrough

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """Rows that belong to a record, shown below it."""

    extra = 0
    show_change_link = True
