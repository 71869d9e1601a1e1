"""The calls of sessions_app, described beside the views rather than inside them."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

from checkout_project.openapi.answers import IssueAnswer, PaymentOptionAnswer, Session
from checkout_project.openapi.errors import errors
from sessions_app.api_requests import ChooseOption, ListSessions, Resolve, Simulate
from sessions_app.terms import CreateSession

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="A random value of yours: the same request sent again with it is answered, but not done, again (24 h).",
)
SESSION_ID = OpenApiParameter("id", str, OpenApiParameter.PATH, description="Id of the session: `cs_…`.")
_DONE = OpenApiResponse(description="Done, or it was so already. No content.")
_NEXT = OpenApiParameter(
    "Link", str, OpenApiParameter.HEADER, response=[200], description='The next page: `<URL>; rel="next"`.'
)
_METADATA = OpenApiParameter(
    "metadata",
    {"type": "object", "additionalProperties": {"type": "string", "maxLength": 200}},
    style="deepObject",
    description="Only sessions whose metadata has this text under this name: `metadata[orderId]=1001`.",
)


def undescribed(view: Any) -> Any:
    """A copy of the view set to hang descriptions on."""
    return type(view.__name__, (view,), {"__module__": view.__module__, "__doc__": view.__doc__})


def _post(summary: str, body: Any, answers: dict[int, Any], *statuses: int, path: bool = True) -> Any:
    parameters = [IDEMPOTENCY_KEY, *([SESSION_ID] if path else [])]
    return extend_schema(
        summary=summary,
        parameters=parameters,
        request=body,
        responses=answers | errors(409, 413, 415, 422, *statuses),
        tags=["Checkout"],
    )


class CheckoutCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Sessions."""

    target_class = "sessions_app.api_views.CheckoutViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        described = extend_schema_view(
            list=extend_schema(
                summary="List checkout sessions",
                parameters=[ListSessions, _METADATA, _NEXT],
                responses={200: Session(many=True)} | errors(),
                tags=["Checkout"],
            ),
            create=_post("Create a checkout session", CreateSession, {200: Session}, path=False),
            retrieve=extend_schema(
                summary="Get a checkout session",
                parameters=[SESSION_ID],
                responses={200: Session} | errors(),
                tags=["Checkout"],
            ),
            expire=_post("Expire a checkout session", None, {201: _DONE}),
            cancel=_post("Cancel a checkout session", None, {201: _DONE}),
            quote=_post("Pick the asset and network to pay with", ChooseOption, {200: Session}),
            simulate=_post("Play a buyer (test mode)", Simulate, {200: Session}),
            resolve=_post("Decide what is odd", Resolve, {200: Session}),
        )
        return described(undescribed(self.target_class))


class IssueCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """The decision queue."""

    target_class = "sessions_app.issue_views.IssueViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        described = extend_schema(
            summary="List what needs a decision", responses={200: IssueAnswer(many=True)} | errors(), tags=["Checkout"]
        )
        return extend_schema_view(list=described)(undescribed(self.target_class))


class PaymentOptionCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """What can be paid with."""

    target_class = "sessions_app.option_views.PaymentOptionViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        described = extend_schema(
            summary="List payment options",
            description="Assets on networks that the key's mode can be paid with now.",
            responses={200: PaymentOptionAnswer(many=True)} | errors(),
            tags=["Payment options"],
        )
        return extend_schema_view(list=described)(undescribed(self.target_class))


__all__ = ["CheckoutCalls", "IssueCalls", "PaymentOptionCalls"]
