"""The calls about refunds, described."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import extend_schema_view

from checkout_project.openapi.describing import copy_of, get, post, thing_id
from sessions_app.answers.refunds import Refund
from sessions_app.api.refund_requests import CreateRefund, RefundSent

SESSION, REFUND, TAG = thing_id("session", "cs"), thing_id("refund", "ref"), "Refunds"


class RefundCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Refunds."""

    target_class = "sessions_app.api.refunds.RefundViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        described = extend_schema_view(
            list=get("list_refunds", "List a session's refunds", Refund, SESSION, tag=TAG),
            create=post("create_refund", "Send money back", CreateRefund, {201: Refund}, SESSION, tag=TAG),
            retrieve=get("get_refund", "Get a refund", Refund, REFUND, tag=TAG),
            sent=post(
                "tell_refund_sent", "Say which transaction a refund is", RefundSent, {200: Refund}, REFUND, tag=TAG
            ),
            simulate=post("simulate_refund", "Play the wallet (test mode)", None, {200: Refund}, REFUND, tag=TAG),
            withdraw=post("withdraw_refund", "Withdraw a refund", None, {200: Refund}, REFUND, tag=TAG),
        )
        return described(copy_of(self.target_class))
