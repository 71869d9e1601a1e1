"""Sessions, with all that happened to each below it."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from common.admin.amounts import WholeAmounts
from common.admin.read_only import ReadOnly, ReadOnlyInline
from common.errors import DomainError
from merchants_app.frame.admin import operator_of
from merchants_app.people.operators import operator_name
from sessions_app.models import (
    Announcement,
    Authorization,
    CheckoutSession,
    Decision,
    Payment,
    Quote,
    StatusChange,
)
from sessions_app.reading.searching import sought_everywhere
from sessions_app.selling import operator_acts
from sessions_app.watching.searches import ask_for_search


class StatusChangeInline(ReadOnlyInline):
    """The timeline."""

    model = StatusChange
    fields = ("at", "from_status", "to_status", "payment_status", "issue", "reason", "actor")
    show_change_link = False


class PaymentInline(WholeAmounts, ReadOnlyInline):
    """What arrived."""

    model = Payment
    fields = (
        "arrived_at", "network", "whole_amount", "value", "counts", "confirmed_at", "vanished_at",
        "collected_at", "tx_hash",
    )  # fmt: skip


class AnnouncementInline(ReadOnlyInline):
    """What the buyer says they have sent."""

    model = Announcement
    fields = ("at", "network", "amount", "tx_hash")
    show_change_link = False


class AuthorizationInline(ReadOnlyInline):
    """What the buyer signed, for a facilitator to bring."""

    model = Authorization
    fields = ("created_at", "network", "asset", "amount_units", "sender", "stage", "reason", "tx_hash", "valid_before")


class QuoteInline(WholeAmounts, ReadOnlyInline):
    """Prices given."""

    model = Quote
    fk_name = "session"
    fields = ("created_at", "network", "whole_amount", "rate", "valid_until")


class DecisionInline(ReadOnlyInline):
    """What the merchant decided."""

    model = Decision
    fields = ("decided_at", "kind", "issue", "tx_hash", "note", "actor")
    show_change_link = False


@admin.register(CheckoutSession)
class CheckoutSessionAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Sessions, with all that happened to each below it."""

    list_display = (
        "public_id", "merchant", "mode", "amount", "currency", "status", "payment_status", "issue", "needs_decision",
        "reference", "created_at",
    )  # fmt: skip
    list_filter = ("mode", "status", "payment_status", "issue", "needs_decision")
    filters_by_index = ("mode", "status", "issue", "needs_decision")
    list_select_related = ("merchant",)
    search_fields = ("public_id",)  # shows the field; what it finds is `get_search_results`
    search_help_text = "As in the dashboard: any id, address, transaction, order number, e-mail, name or amount."
    inlines = (
        StatusChangeInline, PaymentInline, AnnouncementInline, AuthorizationInline, QuoteInline, DecisionInline,
    )  # fmt: skip
    ordering = ("-id",)
    actions = ("expire", "look_again")

    def finds_by_index(self, _term: str) -> bool:
        """Always: what it does not find by index it looks for among the newest by itself."""
        return True

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CheckoutSession], search_term: str
    ) -> tuple[QuerySet[CheckoutSession], bool]:
        """By the rule that the dashboard goes by."""
        return sought_everywhere(queryset, search_term), False

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether the operator may end sessions."""
        return operator_of(request).has_perm("sessions_app.end_checkoutsession")

    @admin.action(description="Expire open sessions", permissions=["end"])
    def expire(self, request: HttpRequest, sessions: QuerySet[CheckoutSession]) -> None:
        """By the rule that API and dashboard use; those that are not open are named and left alone."""
        for session in sessions.select_related("merchant"):
            try:
                operator_acts.expire(session, by=operator_of(request))
            except DomainError as refusal:
                messages.warning(request, f"{session.public_id}: {refusal.detail}")
            else:
                messages.success(request, f"{session.public_id} is expired.")

    @admin.action(description="Look for money again", permissions=["end"])
    def look_again(self, request: HttpRequest, sessions: QuerySet[CheckoutSession]) -> None:
        """As the dashboard does; what comes of it stands under *Money searches*."""
        for session in sessions.select_related("merchant"):
            try:
                ask_for_search(session=session, actor=operator_name(operator_of(request)), now=timezone.now())
            except DomainError as refusal:
                messages.warning(request, f"{session.public_id}: {refusal.detail}")
            else:
                messages.success(request, f"{session.public_id}: its money is being looked for.")
