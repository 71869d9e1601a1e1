"""Sessions, with all that happened to each below it."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from common.admin.amounts import WholeAmounts, plainly, priced
from common.admin.read_only import ReadOnly, ReadOnlyInline
from common.errors import DomainError
from common.modes import Mode
from common.money import to_minor_unit
from merchants_app.frame.admin import operator_of
from merchants_app.frame.places import Place
from merchants_app.people.operators import operator_name
from sessions_app.admin.buyers import BuyersApart
from sessions_app.models import (
    Announcement,
    Authorization,
    CheckoutSession,
    Decision,
    Letter,
    Payment,
    Quote,
    StatusChange,
)
from sessions_app.reading.searching import sought_everywhere
from sessions_app.reading.session_page import events_of
from sessions_app.selling import operator_acts
from sessions_app.templatetags.session_look import chips
from sessions_app.watching.searches import ask_for_search

_VALUE, _RATE = priced("value"), plainly("rate")


class _WithSession(ReadOnlyInline):
    """Rows that are named, or priced, by what their session says: read with it."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("session")


class StatusChangeInline(ReadOnlyInline):
    """The timeline."""

    model = StatusChange
    fields = ("at", "from_status", "to_status", "payment_status", "issue", "reason", "actor")
    show_change_link = False


class PaymentInline(WholeAmounts, _WithSession):
    """What arrived."""

    model = Payment
    readonly_fields: ClassVar[Any] = ("whole_amount", _VALUE)
    fields: ClassVar[Any] = (
        "arrived_at", "network", "whole_amount", _VALUE, "counts", "confirmed_at", "vanished_at",
        "collected_at", "tx_hash",
    )  # fmt: skip


class AnnouncementInline(ReadOnlyInline):
    """What the buyer says they have sent."""

    model = Announcement
    fields = ("at", "network", "amount", "tx_hash", "became")
    readonly_fields = ("became",)
    show_change_link = False

    @admin.display(description="What became of it", empty_value="-")
    def became(self, said: Announcement) -> str:
        """In words, as far as it is known."""
        return said.known_fate.label if said.known_fate else ""


class AuthorizationInline(WholeAmounts, ReadOnlyInline):
    """What the buyer signed, for a facilitator to bring."""

    model = Authorization
    fields = ("created_at", "network", "whole_amount", "sender", "stage", "reason", "tx_hash", "valid_before")


class QuoteInline(WholeAmounts, ReadOnlyInline):
    """Prices given."""

    model = Quote
    fk_name = "session"
    readonly_fields: ClassVar[Any] = ("whole_amount", _RATE)
    fields: ClassVar[Any] = ("created_at", "network", "whole_amount", _RATE, "valid_until")


class DecisionInline(ReadOnlyInline):
    """What the merchant decided."""

    model = Decision
    fields = ("decided_at", "kind", "issue", "tx_hash", "note", "actor")
    show_change_link = False


class LetterInline(_WithSession):
    """What the buyer was written, and what became of it."""

    model = Letter
    fields = ("owed_at", "kind", "about", "tries", "outcome", "settled_at")
    ordering = ("pk",)
    show_change_link = False


@admin.register(CheckoutSession)
class CheckoutSessionAdmin(BuyersApart, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Sessions, with all that happened to each below it."""

    list_display = (
        "public_id", "merchant", "mode", "price", "state", "reference", "created_at",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("public_id", "state", "merchant", "mode", "price", "reference", "product_name",
                           "product_id", "payment_link", "customer", "buyer", "created_at")}),
        ("Where it stands", {"fields": (
            "status", "payment_status", "issue", "needs_decision", "opened_at", "expires_at", "moved_by",
            "stands_still_since", "ended_by", "ended_at", "completed_at", "order_paid_by", "supersedes",
            "superseded_by", "event_count", "updated_at")}),
        ("Watched", {"fields": ("deposit_address", "watch_until", "treasury", "refund_address")}),
        ("Rules it was made with", {"fields": (
            "tolerance_percent", "tolerance_amount", "spread_percent", "quote_minutes", "grace_minutes",
            "confirmations", "allowed_assets", "ways_off", "allow_pay_again", "locale")}),
    )  # fmt: skip
    change_form_template: ClassVar[Any] = "admin/session.html"
    list_filter = ("mode", "status", "payment_status", "issue", "needs_decision")
    filters_by_index = ("mode", "status", "issue", "needs_decision")
    list_select_related = ("merchant",)
    search_fields = ("public_id",)  # shows the field; what it finds is `get_search_results`
    search_help_text = (
        "As in the dashboard: any id, address, transaction, order number or amount; the buyer's name, e-mail address "
        "and metadata (name: value) by the whole."
    )
    inlines = (
        StatusChangeInline, PaymentInline, AnnouncementInline, AuthorizationInline, QuoteInline, DecisionInline,
        LetterInline,
    )  # fmt: skip
    ordering = ("-id",)
    actions = ("expire", "look_again")

    def reads_few(self, _term: str) -> bool:
        """Always: what no index finds, `sought_everywhere` looks for among the newest alone."""
        return True

    def get_queryset(self, request: HttpRequest) -> QuerySet[CheckoutSession]:
        """On a session's own page with all that it names."""
        rows: QuerySet[CheckoutSession] = super().get_queryset(request)
        match = request.resolver_match
        if match is None or "object_id" not in match.kwargs:
            return rows
        return rows.select_related("merchant", "customer", "treasury", "payment_link", "deposit")

    @admin.display(description="state")
    def state(self, session: CheckoutSession) -> str:
        """As the dashboard shows it."""
        return chips(session)

    @admin.display(description="price", ordering="amount")
    def price(self, session: CheckoutSession) -> str:
        """`49.00 USD`."""
        return f"{to_minor_unit(session.amount, session.currency)} {session.currency}"

    @admin.display(description="deposit address")
    def deposit_address(self, session: CheckoutSession) -> str:
        """Where its buyer was sent."""
        return session.deposit.address if hasattr(session, "deposit") else "none yet"

    def render_change_form(self, request: HttpRequest, context: Any, *given: Any, **named: Any) -> HttpResponse:
        """With what its business was told of it, and where it sees it."""
        if session := context.get("original"):
            at = Place(session.merchant.public_id, Mode(session.mode))
            page = reverse("dashboard:session", kwargs={"at": at, "session_id": session.public_id})
            context |= {"events": events_of(session), "as_the_business": page}
        return super().render_change_form(request, context, *given, **named)

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
