"""Django admin of how people sign in: second factors without their secrets, and devices: both only removed."""

from typing import Any, ClassVar

# Both apps put their own pages there, which show secrets and let them be changed: taken out again below.
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401
from allauth.mfa.models import Authenticator
from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin.large import Search, SearchedByForm, folded
from common.admin.read_only import ReadOnly
from merchants_app.frame.admin import operator_of
from merchants_app.people.operators import operator_name
from merchants_app.sign_in.second_factor import take_away

admin.site.unregister([Authenticator, UserSession])


class _OnlyRemoved(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Neither made nor changed, but removed, by those who may; one's own only on one's own page, after the password."""

    list_select_related = ("user",)
    search_by: ClassVar[dict[str, Search]] = {"e-mail": folded("user__email")}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By Django's permissions, and others' only."""
        may = admin.ModelAdmin.has_delete_permission(self, request, obj)
        return may and (obj is None or obj.user_id != request.user.pk)


@admin.register(Authenticator)
class FactorAdmin(_OnlyRemoved):
    """Second factors. Whoever lost theirs is helped by removing it; nobody can read, make or change one."""

    fields = ("user", "type", "created_at", "last_used_at")
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    ordering = ("-id",)

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        """By the rule: with a letter, an audit line, and the end of their sign-ins."""
        self._take_away(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        """The same for several."""
        self._take_away(request, list(queryset))

    def _take_away(self, request: HttpRequest, factors: list[Authenticator]) -> None:
        take_away(factors, operator=operator_name(operator_of(request)))


@admin.register(UserSession)
class DeviceAdmin(_OnlyRemoved):
    """Where people are signed in, without the keys that would sign in as them; removing one signs that device out."""

    fields = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    list_display = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    search_in = ("ip",)
    ordering = ("-last_seen_at",)

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        """Ends the sign-in with it."""
        get_adapter().end_sessions([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[UserSession]) -> None:
        """The same for several."""
        get_adapter().end_sessions(queryset)
