"""Django admin: how far each network was read, why one could not be, what was set aside, and the play chain.

Nothing here is edited; what was set aside can be asked for again, and what was read be read again.
"""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from chains_app.evm.values import checksummed
from chains_app.models import Provider, RateSheet, SandboxBlock, SandboxTransfer, ScanCursor, ScannedBlock, SetAside
from chains_app.networks.filters import NetworkFilter
from chains_app.networks.networks import network
from chains_app.reading.health import close, offer_again
from chains_app.reading.set_aside import ask_now, read_again
from common.admin.amounts import WholeAmounts
from common.admin.large import Search, SearchedByForm, folded
from common.admin.read_only import ReadOnly
from common.money import amount_text


@admin.register(ScanCursor)
class ScanCursorAdmin(ReadOnly, admin.ModelAdmin[Any]):
    list_display = ("network", "block_number", "head", "scanned_at", "unread_since", "problem", "closed_since")
    actions = ("read_hour_again", "read_day_again", "close", "offer_again")

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Whoever runs the nodes."""
        return request.user.has_perm("chains_app.change_setaside")

    def has_close_permission(self, request: HttpRequest) -> bool:
        """Whoever may change what all businesses are paid with."""
        return request.user.has_perm("chains_app.change_scancursor")

    @admin.action(description="Read the last hour again", permissions=["ask"])
    def read_hour_again(self, request: HttpRequest, cursors: QuerySet[ScanCursor]) -> None:
        """What a node left out is found; what was found before is not counted twice."""
        self._read_again(request, cursors, timedelta(hours=1))

    @admin.action(description="Read the last day again", permissions=["ask"])
    def read_day_again(self, request: HttpRequest, cursors: QuerySet[ScanCursor]) -> None:
        """The same of a day."""
        self._read_again(request, cursors, timedelta(days=1))

    @admin.action(description="Close to what is new", permissions=["close"])
    def close(self, request: HttpRequest, cursors: QuerySet[ScanCursor]) -> None:
        """Buyers are not sent there; what comes all the same is seen and counted."""
        for cursor in cursors:
            if close(cursor.network, timezone.now()):
                messages.success(request, f"{cursor.network}: no business offers it from now on.")
                self.log_change(request, cursor, "Closed to what is new.")

    @admin.action(description="Offer again", permissions=["close"])
    def offer_again(self, request: HttpRequest, cursors: QuerySet[ScanCursor]) -> None:
        """Where a business has not switched it off itself."""
        for cursor in cursors:
            if offer_again(cursor.network):
                messages.success(request, f"{cursor.network}: it is offered again.")
                self.log_change(request, cursor, "Offered again.")

    def _read_again(self, request: HttpRequest, cursors: QuerySet[ScanCursor], length: timedelta) -> None:
        for cursor in cursors:
            if blocks := read_again(cursor, length, by=str(request.user), now=timezone.now()):
                messages.success(request, f"{cursor}: {blocks} blocks are read again. *Set aside* shows how it goes.")
                self.log_change(request, cursor, f"{blocks} blocks are read again.")
            else:
                messages.warning(request, f"{cursor}: only networks with nodes are read again, and only what was read.")


@admin.register(Provider)
class ProviderAdmin(ReadOnly, admin.ModelAdmin[Any]):
    list_display = (
        "network", "host", "largest_batch", "widest_span", "calls_a_second", "differences", "failed_at", "problem",
    )  # fmt: skip
    list_filter = (NetworkFilter,)
    ordering = ("network", "host")


@admin.register(ScannedBlock)
class ScannedBlockAdmin(ReadOnly, admin.ModelAdmin[Any]):
    list_display = ("network", "number", "hash")
    list_filter = (NetworkFilter,)
    ordering = ("-number",)


@admin.register(SetAside)
class SetAsideAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin[Any]):
    list_display = ("network", "what", "place", "address", "why", "tries", "first_at", "last_at", "settled_at")
    list_filter = (NetworkFilter, ("settled_at", admin.EmptyFieldListFilter))
    search_in = ("what", "place", "address", "why")
    ordering = ("-id",)
    actions = ("ask_now",)

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Whoever runs the nodes."""
        return request.user.has_perm("chains_app.change_setaside")

    @admin.action(description="Ask the nodes again now", permissions=["ask"])
    def ask_now(self, request: HttpRequest, rows: QuerySet[SetAside]) -> None:
        """As after another node was named, which need not wait for its turn."""
        messages.success(request, f"{ask_now(rows)} will be asked for again within seconds.")


@admin.register(SandboxBlock)
class SandboxBlockAdmin(ReadOnly, admin.ModelAdmin[Any]):
    list_display = ("number", "hash", "mined_at")
    ordering = ("-number",)


def _to_address(transfers: QuerySet[SandboxTransfer], address: str) -> QuerySet[SandboxTransfer]:
    """As it is stored, in whatever letters it was typed."""
    return transfers.filter(recipient=checksummed(address.lower()))


@admin.register(SandboxTransfer)
class SandboxTransferAdmin(WholeAmounts, SearchedByForm, ReadOnly, admin.ModelAdmin[Any]):
    list_display = ("tx_hash", "recipient", "whole_amount", "block", "sent_at", "drop_at")
    search_by: ClassVar[dict[str, Search]] = {"hash": folded("tx_hash"), "address": _to_address}
    list_select_related = ("block",)
    ordering = ("-id",)
    exclude: ClassVar[Any] = ("amount_units",)

    @admin.display(description="amount", ordering="amount_units")
    def whole_amount(self, row: Any) -> str:
        """In whole ones of its asset; of a token that is not listed in base units."""
        assets = network("sandbox").assets.values()
        asset = next((each for each in assets if (each.contract or "") == row.contract), None)
        decimals, symbol = (asset.decimals, asset.symbol) if asset else (0, "of an unlisted token")
        return f"{amount_text(row.amount_units, decimals)} {symbol}"


@admin.register(RateSheet)
class RateSheetAdmin(ReadOnly, admin.ModelAdmin[Any]):
    list_display = ("taken_at", "problems")
    ordering = ("-taken_at",)
