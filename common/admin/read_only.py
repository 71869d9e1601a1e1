"""Admin of records that only the gateway writes: operators look at them, search them, and change nothing."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin.large import LargeList


class NothingAdded:
    """Mixed into an inline whose rows are made elsewhere."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _NothingWritten(NothingAdded):
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(LargeList, _NothingWritten):
    """Mixed into a ModelAdmin: no adding, no changing, no deleting."""


class ReadOnlyInline(_NothingWritten, admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """Rows that belong to a record, shown below it."""

    extra = 0
    show_change_link = True
