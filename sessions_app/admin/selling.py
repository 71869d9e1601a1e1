"""Who buys, and by which links."""

from typing import ClassVar

from django.contrib import admin

from common.admin.large import Search, SearchedByForm, equal
from common.admin.read_only import ReadOnly
from merchants_app.frame.admin import OF_BUSINESS
from sessions_app.admin.buyers import BuyersApart
from sessions_app.models import Customer, PaymentLink
from sessions_app.state.customers import with_email


@admin.register(Customer)
class CustomerAdmin(BuyersApart, SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Buyers as their merchants know them."""

    list_display = ("public_id", "buyer", "merchant", "mode", "created_at")
    fields = ("public_id", "merchant", "mode", "buyer", "created_at", "erased_at")
    list_filter = ("mode",)
    filters_by_index = ("mode",)
    list_select_related = ("merchant",)
    search_by: ClassVar[dict[str, Search]] = {"cus_": equal("public_id"), "e-mail": with_email}
    ordering = ("-id",)


@admin.register(PaymentLink)
class PaymentLinkAdmin(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Links that shops hand out."""

    list_display = ("public_id", "merchant", "mode", "product_name", "created_at")
    list_filter = ("mode",)
    list_select_related = ("merchant",)
    search_by = OF_BUSINESS | {"pl_": equal("public_id")}
    search_in = ("product_name", "merchant__name")
    ordering = ("-id",)
