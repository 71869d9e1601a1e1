"""What the list of payments can be narrowed by: as payments, and by their sessions."""

from collections.abc import Mapping

from django import forms
from django.db.models import QuerySet

from merchants_app.frame.forms import NumberField
from sessions_app.books.wishes import Export
from sessions_app.dashboard.filters.base import ANY_CURRENCY, Sorted
from sessions_app.dashboard.filters.sessions import STATUSES, OfSessions
from sessions_app.models import Payment
from sessions_app.reading.list_sql import Order
from sessions_app.reading.payment_list import PaymentState, WantedPayments, all_payments_listed
from sessions_app.scope import SessionScope


class PaymentFilters(Sorted, OfSessions):
    """Of the list of payments."""

    OF = Export.PAYMENTS
    COLUMNS: Mapping[str, tuple[Order, Order]] = {
        "arrived": (Order.NEWEST, Order.OLDEST), "worth then": (Order.LARGEST, Order.SMALLEST),
    }  # fmt: skip
    ADDABLE = (
        "state", "status", "issue", "since", "until", "least", "most", "currency", "asset", "network", "link",
        "customer", "email", "reference", "key", "value",
    )  # fmt: skip

    state = forms.ChoiceField(required=False, label="State", choices=[("", "Any"), *PaymentState.choices])
    status = forms.ChoiceField(required=False, label="Session's status", choices=STATUSES)
    least = NumberField(required=False, label="Worth from", max_digits=20, decimal_places=4, min_value=0)
    most = NumberField(required=False, label="Worth to", max_digits=20, decimal_places=4, min_value=0)
    currency = forms.ChoiceField(required=False, label="In the currency", choices=ANY_CURRENCY)

    def wanted(self) -> WantedPayments:
        """All of it for the rule."""
        state = self.given("state")
        return WantedPayments(
            state=PaymentState(state) if state else None,
            asset=self.given("asset") or "",
            network=self.given("network") or "",
            least=self.given("least"),
            most=self.given("most"),
            currency=self.given("currency") or "",
            of_sessions=self.of_sessions(),
            metadata=self.metadata(),
            text=self.given("q") or "",
            order=self.order(),
            **self.days("since", "before"),
        )

    def keys(self, scope: SessionScope) -> QuerySet[Payment, int]:
        """Of all that it lists. Raises TooManyFound."""
        return all_payments_listed(scope, self.wanted())
