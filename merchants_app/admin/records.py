"""Django admin of the businesses: people, keys, treasuries, logs. What is changed here goes by the dashboard's rules.

What money depends on is read-only; what operators do stands in the log of the business that it concerns.
"""

from typing import Any, ClassVar

from allauth.account.admin import EmailAddressAdmin  # which registers itself before it is replaced
from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from common.admin.large import Search, SearchedByForm, by_known, equal, folded
from common.admin.read_only import ReadOnly
from merchants_app.admin.businesses import MerchantAdmin
from merchants_app.admin.people import OperatorGroupAdmin, PersonAdmin
from merchants_app.admin.switches import SwitchAdmin
from merchants_app.frame.admin import OF_BUSINESS, operator_of
from merchants_app.keys.api_keys import end_key
from merchants_app.models import (
    ApiKey,
    AuditEntry,
    IdempotencyRecord,
    Installation,
    Invitation,
    LoggedRequest,
    Merchant,
    OperatorVisit,
    Switch,
    Treasury,
    User,
    XpubAccount,
)
from merchants_app.people.operators import REVOKE_KEYS, operator_name

admin.site.site_header = admin.site.site_title = "Tallystick"
admin.site.index_title = "Operation"

admin.site.unregister((Group, EmailAddress))
admin.site.register(User, PersonAdmin)
admin.site.register(Group, OperatorGroupAdmin)
admin.site.register(Merchant, MerchantAdmin)
admin.site.register(Switch, SwitchAdmin)


@admin.register(ApiKey)
class ApiKeyAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Keys without their secrets, which nobody has; an action revokes."""

    list_display = ("name", "hint", "merchant", "mode", "scopes", "last_used_at", "revoked_at", "created_at")
    list_filter = ("mode", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("merchant",)
    search_by = OF_BUSINESS | {"key_": equal("public_id")}
    search_in = ("hint", "name", "merchant__name")
    exclude = ("digest",)
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whether the operator may revoke keys."""
        return operator_of(request).has_perm(REVOKE_KEYS)

    @admin.action(description="Revoke for good", permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """By the rule that the dashboard uses."""
        for key in keys.filter(revoked_at=None).select_related("merchant"):
            end_key(key, actor=operator_name(operator_of(request)))
        messages.success(request, "Revoked. The keys no longer work.")


@admin.register(Treasury)
class TreasuryAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Where money goes, now and before. Changed in the dashboard by owners only, with its cooling period."""

    list_display = (
        "merchant", "mode", "kind", "__str__", "account__next_index", "verified_at", "active_from", "withdrawn_at",
        "created_by",
    )  # fmt: skip
    list_filter = ("mode", "kind", ("verified_at", admin.EmptyFieldListFilter))
    list_select_related = ("merchant", "account")
    search_by = OF_BUSINESS
    search_in = ("address", "xpub", "merchant__name")
    ordering = ("-id",)


@admin.register(XpubAccount)
class XpubAccountAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Which business draws addresses from an xpub's account, and how far it has come."""

    list_display = ("__str__", "merchant", "mode", "next_index")
    list_filter = ("mode",)
    list_select_related = ("merchant",)
    search_by = OF_BUSINESS
    search_in = ("fingerprint", "merchant__name")
    ordering = ("-id",)


@admin.register(Installation)
class InstallationAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Where this database belongs, and whether anything is sent from it: `manage.py release` says so."""

    list_display = ("__str__", "version", "held_since", "held_because")


@admin.register(Invitation)
class InvitationAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who was asked into which team; sent and taken back in the dashboard by owners."""

    list_display = ("email", "merchant", "role", "invited_by", "sent_at", "expires_at", "accepted_at", "withdrawn_at")
    list_filter = ("role", ("accepted_at", admin.EmptyFieldListFilter), ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("merchant", "invited_by")
    search_by = OF_BUSINESS
    search_in = ("email", "merchant__name")
    exclude = ("digest",)
    ordering = ("-id",)


@admin.register(AuditEntry)
class AuditEntryAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who did what."""

    list_display = ("created_at", "merchant", "mode", "actor", "action", "subject")
    list_filter = ("mode",)
    list_select_related = ("merchant",)
    search_by = OF_BUSINESS
    search_in = ("actor", "action", "subject", "merchant__name")
    ordering = ("-id",)


_METHOD = by_known("method", lambda: [(each, each) for each in ("GET", "POST", "PATCH", "DELETE")])
_FAILED = by_known("status_code__gte", lambda: [("400", "refused or broken (from 400)"), ("500", "broken (from 500)")])


@admin.register(LoggedRequest)
class LoggedRequestAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What the API was asked in the last days."""

    list_display = (
        "at",
        "merchant",
        "mode",
        "method",
        "path",
        "status_code",
        "error_code",
        "duration_ms",
        "request_id",
    )
    list_filter = ("mode", _METHOD, _FAILED)
    list_select_related = ("merchant",)
    search_in = ("request_id", "path", "error_code", "merchant__name", "merchant__public_id")
    ordering = ("-id",)


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Answers remembered for repeated requests; the bodies stay unseen."""

    list_display = ("created_at", "merchant", "mode", "key", "status_code")
    list_filter = ("mode",)
    list_select_related = ("merchant",)
    search_in = ("key", "merchant__name", "merchant__public_id")
    exclude = ("body",)
    ordering = ("-id",)


def _of_person(visits: QuerySet[OperatorVisit], email: str) -> QuerySet[OperatorVisit]:
    """Of whoever looked, or was looked as."""
    people = User.objects.filter(email=email.lower())
    return visits.filter(Q(operator__in=people) | Q(shown_as__in=people))


@admin.register(OperatorVisit)
class OperatorVisitAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """When operators looked at a dashboard in a member's place."""

    list_display = ("began_at", "operator", "merchant", "shown_as", "reason", "until", "ended_at")
    list_select_related = ("merchant", "operator", "shown_as")
    search_by = OF_BUSINESS | {"e-mail": _of_person}
    search_in = ("merchant__name", "reason")
    ordering = ("-id",)


@admin.register(LogEntry)
class OperatorsLogAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What operators wrote in these pages: also what concerns no business, such as groups."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag", "__str__")
    list_filter = ("action_flag", "content_type")
    list_select_related = ("user", "content_type")
    search_by: ClassVar[dict[str, Search]] = {"e-mail": folded("user__email")}
    search_in = ("object_repr", "change_message")
    ordering = ("-action_time",)


@admin.register(EmailAddress)
class AddressAdmin(SearchedByForm, ReadOnly, EmailAddressAdmin):  # type: ignore[misc]
    """The addresses of people, and which of them are proven. Changed at the person."""

    actions = ()
    search_by: ClassVar[dict[str, Search]] = {"e-mail": folded("email")}
    search_in = ("email",)

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Shows the field; allauth's own would search Django's way."""
        return self.search_fields
