"""Django admin: how far each network was read, why one could not be, and the play chain. Nothing here is edited."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from chains_app.models import RateSheet, SandboxBlock, SandboxTransfer, ScanCursor, ScannedBlock


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Chains write these rows; a human who did would only confuse the scanning."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ScanCursor)
class ScanCursorAdmin(ReadOnlyAdmin):
    list_display = ("network", "block_number", "head", "scanned_at", "problem")


@admin.register(ScannedBlock)
class ScannedBlockAdmin(ReadOnlyAdmin):
    list_display = ("network", "number", "hash")
    list_filter = ("network",)
    ordering = ("-number",)


@admin.register(SandboxBlock)
class SandboxBlockAdmin(ReadOnlyAdmin):
    list_display = ("number", "hash", "mined_at")
    ordering = ("-number",)


@admin.register(SandboxTransfer)
class SandboxTransferAdmin(ReadOnlyAdmin):
    list_display = ("tx_hash", "recipient", "contract", "amount_units", "block", "sent_at", "drop_at")
    search_fields = ("tx_hash", "recipient")
    list_select_related = ("block",)
    ordering = ("-id",)


@admin.register(RateSheet)
class RateSheetAdmin(ReadOnlyAdmin):
    list_display = ("taken_at", "problems")
    ordering = ("-taken_at",)
