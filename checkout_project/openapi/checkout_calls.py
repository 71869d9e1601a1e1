"""The calls about sessions, described beside the views rather than inside them."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema_view

from checkout_project.openapi.describing import DONE, NEXT_PAGE, change, copy_of, get, post, thing_id
from sessions_app.answers.session import Session
from sessions_app.answers.shop import ListedCurrency, OpenIssue, PaymentOption
from sessions_app.api.requests import (
    AmountQuery,
    ChooseOption,
    ListIssues,
    ListPayments,
    ListSessions,
    Resolve,
    Simulate,
)
from sessions_app.terms.sessions import ChangeSession, CreateSession

ID = thing_id("session", "cs")
METADATA = OpenApiParameter(
    "metadata",
    {
        "type": "object",
        "additionalProperties": {"type": "string", "maxLength": 200},
        "examples": [{"orderId": "1001"}],
    },
    style="deepObject",
    description="Only sessions whose metadata has this text under this name: `metadata[orderId]=1001`.",
)
TAG, OPTIONS = "Checkout", "Payment options"


class CheckoutCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Sessions."""

    target_class = "sessions_app.api.sessions.CheckoutViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        # No action by the name of `list`, so drf-spectacular does not know that it answers many.
        payments = {"type": "array", "items": {"$ref": "#/components/schemas/PaymentMade"}}
        described = extend_schema_view(
            list=get(
                "list_sessions",
                "List checkout sessions",
                Session,
                ListSessions,
                METADATA,
                NEXT_PAGE,
                tag=TAG,
            ),
            create=post("create_session", "Create a checkout session", CreateSession, {200: Session}, tag=TAG),
            retrieve=get("get_session", "Get a checkout session", Session, ID, tag=TAG),
            payments=get(
                "list_payments",
                "List all that was seen for a session",
                payments,
                ListPayments,
                NEXT_PAGE,
                ID,
                tag=TAG,
            ),
            partial_update=change(
                "change_session", "Change an open session", ChangeSession, {200: Session}, ID, tag=TAG
            ),
            expire=post("expire_session", "Expire a checkout session", None, {201: DONE}, ID, tag=TAG),
            cancel=post("cancel_session", "Cancel a checkout session", None, {201: DONE}, ID, tag=TAG),
            quote=post(
                "quote_session", "Pick the asset and network to pay with", ChooseOption, {200: Session}, ID, tag=TAG
            ),
            simulate=post("simulate_session", "Play a buyer (test mode)", Simulate, {200: Session}, ID, tag=TAG),
            resolve=post("resolve_session", "Decide what is odd", Resolve, {200: Session}, ID, tag=TAG),
        )
        return described(copy_of(self.target_class))


class IssueCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """The decision queue."""

    target_class = "sessions_app.api.issues.IssueViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        answer, summary = OpenIssue, "List what needs a decision"
        described = extend_schema_view(list=get("list_issues", summary, answer, ListIssues, NEXT_PAGE, tag=TAG))
        return described(copy_of(self.target_class))


class CurrencyCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """What prices can be in."""

    target_class = "sessions_app.api.options.CurrencyViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        described = extend_schema_view(list=get("list_currencies", "List currencies", ListedCurrency, tag=OPTIONS))
        return described(copy_of(self.target_class))


class PaymentOptionCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """What can be paid with."""

    target_class = "sessions_app.api.options.PaymentOptionViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        answer = PaymentOption
        described = extend_schema_view(
            list=get("list_payment_options", "List payment options", answer, AmountQuery, tag=OPTIONS)
        )
        return described(copy_of(self.target_class))
