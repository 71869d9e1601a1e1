"""Django admin of the businesses: users, members, keys, treasuries, audit log. What money depends on is read-only."""

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from common.read_only_admin import ReadOnly
from merchants_app.api_keys import revoke_key
from merchants_app.models import (
    ApiKey,
    AuditEntry,
    IdempotencyRecord,
    LoggedRequest,
    Member,
    Merchant,
    Treasury,
    User,
)

admin.site.site_header = admin.site.site_title = "Tallystick"
admin.site.index_title = "Operation"
admin.site.unregister(Group)  # roles are memberships; staff may do everything here


class MemberInline(admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """Who works for a merchant."""

    model = Member
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """Users, known by their e-mail address."""

    ordering = ("email",)
    list_display = ("email", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Person", {"fields": ("first_name", "last_name")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()


@admin.register(Merchant)
class MerchantAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Merchants; none is deleted, since books belong to it."""

    list_display = ("name", "public_id", "support_email", "created_at")
    search_fields = ("name", "public_id", "support_email", "members__user__email")
    readonly_fields = ("public_id", "created_at")
    inlines = (MemberInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Merchant | None = None) -> bool:
        """Never."""
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Keys without their secrets, which nobody has; an action revokes."""

    list_display = ("name", "hint", "merchant", "mode", "scopes", "last_used_at", "revoked_at", "created_at")
    list_filter = ("mode", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("merchant",)
    search_fields = ("public_id", "hint", "name", "merchant__name", "merchant__public_id")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke for good")
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """By the rule that the dashboard uses."""
        for key in keys.filter(revoked_at=None).select_related("merchant"):
            revoke_key(key, by=request.user if isinstance(request.user, User) else None)
        messages.success(request, "Revoked. The keys no longer work.")


@admin.register(Treasury)
class TreasuryAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Where money goes, now and before. Changed in the dashboard by owners only, with its cooling period."""

    list_display = ("merchant", "mode", "kind", "__str__", "verified_at", "active_from", "withdrawn_at", "created_by")
    list_filter = ("mode", "kind", ("verified_at", admin.EmptyFieldListFilter))
    list_select_related = ("merchant",)
    search_fields = ("address", "xpub", "merchant__name", "merchant__public_id")
    ordering = ("-id",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who did what."""

    list_display = ("created_at", "merchant", "mode", "actor", "action", "subject")
    list_filter = ("mode", "action")
    list_select_related = ("merchant",)
    search_fields = ("actor", "action", "subject", "merchant__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(LoggedRequest)
class LoggedRequestAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
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
    list_filter = ("mode", "method", "status_code")
    list_select_related = ("merchant",)
    search_fields = ("request_id", "path", "error_code")
    show_full_result_count = False
    ordering = ("-id",)


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Answers remembered for repeated requests; the bodies stay unseen."""

    list_display = ("created_at", "merchant", "mode", "key", "status_code")
    list_filter = ("mode",)
    list_select_related = ("merchant",)
    search_fields = ("key",)
    exclude = ("body",)
    show_full_result_count = False
    ordering = ("-id",)
