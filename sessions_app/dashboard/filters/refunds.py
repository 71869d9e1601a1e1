"""What the list of refunds can be narrowed by."""

from django import forms
from django.db.models import QuerySet

from sessions_app.books.wishes import Export
from sessions_app.dashboard.filters.base import ListForm
from sessions_app.models import Refund
from sessions_app.reading.refund_list import RefundState, WantedRefunds, all_refunds_listed
from sessions_app.scope import SessionScope


class RefundFilters(ListForm):
    """Of the list of refunds."""

    state = forms.ChoiceField(required=False, label="State", choices=[("", "Any"), *RefundState.choices])

    OF = Export.REFUNDS
    ADDABLE = ("state", "asset", "network", "since", "until")

    def wanted(self) -> WantedRefunds:
        """All of it for the rule."""
        state = self.given("state")
        return WantedRefunds(
            state=RefundState(state) if state else None,
            asset=self.given("asset") or "",
            network=self.given("network") or "",
            text=self.given("q") or "",
            **self.days("since", "before"),
        )

    def keys(self, scope: SessionScope) -> QuerySet[Refund, int]:
        """Of all that it lists. Raises TooManyFound."""
        return all_refunds_listed(scope, self.wanted())
