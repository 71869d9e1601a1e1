"""What the queue of decisions, and the list of those that were taken, can be narrowed by."""

from collections.abc import Sequence
from dataclasses import replace

from django import forms

from sessions_app.dashboard.filters.base import OfAmounts
from sessions_app.reading.decided import WantedDecisions
from sessions_app.status import DecisionKind, Issue


class WaitingFilters(OfAmounts):
    """Of what waits. The issue has its tabs."""

    APART: Sequence[str] = ("q", "issue")
    ADDABLE: Sequence[str] = ("since", "until", "least", "most", "currency", "asset", "network", "customer")

    issue = forms.ChoiceField(required=False, label="What was odd", choices=[("", "Anything"), *Issue.choices])
    customer = forms.CharField(required=False, max_length=60, label="Customer's id (cus_…)")

    def wanted(self) -> WantedDecisions:
        """All of it for the rule."""
        issue = self.given("issue")
        return WantedDecisions(
            issue=Issue(issue) if issue else None,
            of_sessions=self.of_amounts() | self.named({"customer": "customer_id"}) | self.paid_with(),
            text=self.given("q") or "",
            **self.days("since", "before"),
        )


class DecidedFilters(WaitingFilters):
    """Of what was decided: also by whom, and how."""

    APART = ("q",)
    ADDABLE = ("kind", "actor", "issue", *WaitingFilters.ADDABLE)

    kind = forms.ChoiceField(required=False, label="Decision", choices=[("", "Any"), *DecisionKind.choices])
    actor = forms.CharField(required=False, max_length=200, label="Decided by")

    def wanted(self) -> WantedDecisions:
        """All of it for the rule."""
        kind = self.given("kind")
        return replace(super().wanted(), kind=DecisionKind(kind) if kind else None, actor=self.given("actor") or "")
