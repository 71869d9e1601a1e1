"""What belongs to sessions: payments, prices, addresses, decisions, refunds, letters, timelines, and the books."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from chains_app.networks.filters import AssetFilter, NetworkFilter
from common.admin.amounts import WholeAmounts, plainly, priced
from common.admin.large import Search, SearchedByForm, equal, folded
from common.admin.read_only import ReadOnly, ReadOnlyInline
from common.errors import DomainError
from merchants_app.frame.admin import by_address, by_hash, operator_of
from sessions_app.models import (
    AddressChange,
    BookLine,
    Decision,
    DepositAddress,
    Letter,
    MoneySearch,
    Payment,
    Quote,
    Refund,
    RefundCandidate,
    SpareDeposit,
    StatusChange,
)
from sessions_app.models.session import BY_PERSON
from sessions_app.reading.searching import found_everywhere
from sessions_app.watching import by_hand

_BY_SESSION: dict[str, Search] = {"cs_": equal("session__public_id")}


class _OfASession(SearchedByForm, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Records that belong to a session: found by what is their own, and by whatever finds their session."""

    search_by = _BY_SESSION
    search_else = "Else whatever finds its session in the dashboard: an order number, sender, amount, explorer's link …"

    list_select_related: ClassVar[tuple[str, ...]] = ("session",)
    ordering = ("-id",)

    def reads_few(self, _term: str) -> bool:
        """Always: of what no index finds, the newest sessions alone are looked through."""
        return True

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By its own forms; what these do not find, by the rule that the dashboard goes by."""
        rows, _ = super().get_search_results(request, queryset, search_term)
        if not search_term or rows.exists():
            return rows, False
        return queryset.filter(session__in=found_everywhere(search_term)), False


@admin.register(Payment)
class PaymentAdmin(WholeAmounts, _OfASession):
    """Every transfer that reached a session's address."""

    list_display = (
        "public_id", "session", "network", "whole_amount", priced("value"), "counts", "basis", "arrived_at",
        "confirmed_at", "vanished_at", "collected_at",
    )  # fmt: skip
    list_filter = (
        NetworkFilter, AssetFilter, "counts", "basis", ("vanished_at", admin.EmptyFieldListFilter),
        ("confirmed_at", admin.EmptyFieldListFilter), ("collected_at", admin.EmptyFieldListFilter),
    )  # fmt: skip
    filters_by_index = ("network", "counts", "vanished_at", "confirmed_at")
    search_by = _BY_SESSION | {"pay_": equal("public_id"), "hash": by_hash}
    actions = ("confirm_by_hand", "call_gone_by_hand")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the operator may say what the nodes cannot."""
        return operator_of(request).has_perm("sessions_app.change_payment")

    @admin.action(description="Confirm, seen elsewhere, where nodes contradict each other", permissions=["decide"])
    def confirm_by_hand(self, request: HttpRequest, payments: QuerySet[Payment]) -> None:
        """Of those that are set aside; the others are named and left alone."""
        _decide(request, payments, is_there=True)

    @admin.action(description="Call gone, found nowhere, where nodes contradict each other", permissions=["decide"])
    def call_gone_by_hand(self, request: HttpRequest, payments: QuerySet[Payment]) -> None:
        """Of those that are set aside; the others are named and left alone."""
        _decide(request, payments, is_there=False)


def _decide(request: HttpRequest, payments: QuerySet[Payment], *, is_there: bool) -> None:
    for payment in payments.select_related("session__deposit", "session__merchant"):
        try:
            by_hand.decide(payment, is_there=is_there, by=operator_of(request))
        except DomainError as refusal:
            messages.warning(request, f"{payment.public_id}: {refusal.detail}")
        else:
            messages.success(request, f"{payment.public_id} is {'confirmed' if is_there else 'called gone'}.")


@admin.register(Quote)
class QuoteAdmin(WholeAmounts, _OfASession):
    """Every price that a buyer was given, and where its rate came from."""

    list_display = ("public_id", "session", "network", "whole_amount", plainly("rate"), "created_at", "valid_until")
    list_filter = (NetworkFilter, AssetFilter)
    search_by = _BY_SESSION | {"quo_": equal("public_id")}


@admin.register(DepositAddress)
class DepositAddressAdmin(_OfASession):
    """Addresses given out, and until when each is watched."""

    list_display = ("address", "session", "derivation_index", "watch_until", "created_at", "passed_on_at")
    search_by = _BY_SESSION | {"address": by_address}


@admin.register(SpareDeposit)
class SpareDepositAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Collected deposits that may serve another session."""

    list_display = ("deposit", "treasury", "network")
    list_filter = (NetworkFilter,)
    list_select_related = ("deposit", "treasury")
    ordering = ("-id",)


@admin.register(MoneySearch)
class MoneySearchAdmin(_OfASession):
    """Where somebody asked to look for money again, and what came of it."""

    list_display = ("asked_at", "session", "actor", "done_at", "found", "said")
    list_filter = (("done_at", admin.EmptyFieldListFilter),)
    search_by = _BY_SESSION | {"e-mail": folded("actor")}


@admin.register(Decision)
class DecisionAdmin(_OfASession):
    """What merchants decided about odd payments."""

    list_display = ("decided_at", "session", "kind", "issue", "actor", "tx_hash")
    list_filter = ("kind", "issue")
    search_by = _BY_SESSION | {"e-mail": folded("actor"), "hash": folded("tx_hash")}


class CandidateInline(ReadOnlyInline):
    """What may have been the refund, and anybody may have sent."""

    model = RefundCandidate


@admin.register(Refund)
class RefundAdmin(WholeAmounts, _OfASession):
    """Money on its way back to buyers, as prepared and as seen on chain."""

    list_display = ("public_id", "session", "status", "network", "whole_amount", "to_address", "created_at")
    list_filter = ("status", NetworkFilter, AssetFilter, "kind", ("tx_hash", admin.EmptyFieldListFilter))
    inlines = (CandidateInline,)
    search_by = _BY_SESSION | {"ref_": equal("public_id"), "hash": by_hash}


@admin.register(Letter)
class LetterAdmin(_OfASession):
    """What buyers were written and what became of it; whom, and in which words, no letter keeps."""

    list_display = ("owed_at", "session", "kind", "about", "tries", "outcome", "settled_at", "due_at")
    list_filter = ("kind", "outcome")


@admin.register(AddressChange)
class AddressChangeAdmin(_OfASession):
    """Refund addresses that buyers replaced, or wanted to."""

    search_by = _BY_SESSION | {"rac_": equal("public_id")}
    list_display = ("public_id", "session", "former", "address", "tries", "asked_at", "taken_at")
    exclude = ("code_digest",)


def _by_person(changes: QuerySet[StatusChange], email: str) -> QuerySet[StatusChange]:
    """By the index of what people did."""
    return changes.filter(BY_PERSON, actor=email.lower())


@admin.register(StatusChange)
class StatusChangeAdmin(_OfASession):
    """All timelines, newest first."""

    list_display = ("at", "session", "from_status", "to_status", "payment_status", "issue", "reason", "actor")
    list_filter = ("to_status", "issue")
    search_by = _BY_SESSION | {"e-mail": _by_person}


@admin.register(BookLine)
class BookLineAdmin(WholeAmounts, _OfASession):
    """The books of all businesses."""

    list_display = ("booked_on", "merchant", "mode", "kind", "network", "whole_amount", plainly("reporting_value"),
                    "reporting_currency", "session", "tx_hash")  # fmt: skip
    list_filter = ("kind", "mode", NetworkFilter, AssetFilter)
    filters_by_index = ("kind", "mode")
    list_select_related = ("merchant", "session")
    search_by = _BY_SESSION | {"pay_": equal("payment__public_id"), "ref_": equal("refund__public_id")}
