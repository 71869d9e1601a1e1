"""What the list of sessions can be narrowed by, and what belongs to sessions, as they are."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models.expressions import RawSQL
from django.http import QueryDict

from merchants_app.frame.access import Access
from merchants_app.frame.forms import offer
from sessions_app.books.wishes import Export
from sessions_app.dashboard.filters.base import Chip, ListForm, OfAmounts, Sorted
from sessions_app.models import PaymentLink
from sessions_app.reading.list_sql import Order
from sessions_app.reading.listing import Wanted, all_listed
from sessions_app.scope import SessionScope
from sessions_app.status import Issue, PaymentStatus, Status

LINKS_OFFERED = 100  # as choices of a filter; an older one is named in the address
STATUSES = [("", "Any"), *Status.choices]
_LINK = re.compile(r"pl_[0-9a-z]{1,40}")
# Field → filter of `list_sql`.
_OF_EACH = {
    "status": "status", "reference": "reference", "email": "email", "customer": "customer_id", "link": "payment_link",
}  # fmt: skip


class OfSessions(ListForm):
    """What sessions are narrowed by, and whatever belongs to one by its session."""

    APART = ("q", "sort", "key", "value")

    status = forms.ChoiceField(required=False, label="Status", choices=STATUSES)
    issue = forms.ChoiceField(
        required=False,
        label="What is odd",
        choices=[("", "Any or nothing"), ("any", "Anything"), ("waits", "Waits for a decision"), *Issue.choices],
    )
    reference = forms.CharField(required=False, max_length=200, label="Order number, whole")
    email = forms.CharField(required=False, max_length=254, label="Buyer's e-mail address")
    customer = forms.CharField(required=False, max_length=60, label="Customer's id (cus_…)")
    link = forms.ChoiceField(required=False, label="Payment link")
    key = forms.CharField(required=False, max_length=100, label="Metadata: name")
    value = forms.CharField(required=False, max_length=200, label="Metadata: value")

    def __init__(self, asked: QueryDict, *, access: Access, links: Iterable[PaymentLink] = ()) -> None:
        """`links`: those that are offered as a choice."""
        super().__init__(asked, access=access)
        names = [(each.public_id, each.product_name) for each in links]
        wanted = asked.get("link", "")
        if _LINK.fullmatch(wanted) and wanted not in dict(names):
            names.append((wanted, wanted))  # an older one than are listed
        offer(self, "link", [("", "Any or none"), *names])

    def of_sessions(self) -> dict[str, Any]:
        """What is given of it, as `list_sql` names it."""
        return self.named(_OF_EACH) | self._of_issues()

    def _of_issues(self) -> dict[str, Any]:
        match self.given("issue"):
            case None | "":
                return {}
            case "any":
                return {"any_issue": True}
            case "waits":
                return {"needs_decision": True}
            case issue:
                return {"issue": issue}

    def metadata(self) -> dict[str, str]:
        """A name with its value, where both are given."""
        return {self.given("key"): self.given("value")} if self.given("key") and self.given("value") else {}

    def chips(self) -> list[Chip]:
        """With the one of metadata, which is two fields."""
        return [*super().chips(), *[Chip(*each, self.without("key", "value")) for each in self.metadata().items()]]


class SessionFilters(OfAmounts, Sorted, OfSessions):
    """Of the list of sessions."""

    OF = Export.SESSIONS
    COLUMNS: Mapping[str, tuple[Order, Order]] = {
        "created": (Order.NEWEST, Order.OLDEST), "amount": (Order.LARGEST, Order.SMALLEST),
    }  # fmt: skip
    ADDABLE = (
        "status", "issue", "payment_status", "reached", "since", "until", "least", "most", "currency", "asset",
        "network", "link", "customer", "email", "reference", "key", "value",
    )  # fmt: skip

    payment_status = forms.ChoiceField(required=False, label="Paid", choices=[("", "Any"), *PaymentStatus.choices])
    reached = forms.ChoiceField(
        required=False,
        label="Came as far as",
        choices=[("", "Any"), ("opened", "Page opened"), ("picked", "Asset picked")],
    )

    def keys(self, scope: SessionScope) -> RawSQL:
        """Of all that it lists. Raises TooManyFound."""
        return all_listed(scope, self.wanted())

    def wanted(self) -> Wanted:
        """All of it for the rule."""
        filters = (
            self.of_sessions()
            | self.named({"payment_status": "payment_status"})
            | self.of_amounts()
            | self.days("created_from", "created_before")
            | self.paid_with()
        )
        if self.given("reached"):
            filters[self.given("reached")] = True
        return Wanted(filters=filters, metadata=self.metadata(), text=self.given("q") or "", order=self.order())
