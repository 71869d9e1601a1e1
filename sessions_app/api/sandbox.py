"""The clock of test mode."""

from datetime import timedelta

from rest_framework.decorators import action
from rest_framework.response import Response

from merchants_app.frame.api_base import MerchantViewSet
from merchants_app.frame.api_request import ApiRequest
from merchants_app.models import KeyScope
from sessions_app.answers.shop import TimeAdvanced
from sessions_app.api.requests import Advance
from sessions_app.paying.sandbox_clock import advance


class SandboxViewSet(MerchantViewSet):
    """The sandbox."""

    scopes = {"advance": KeyScope.WRITE}
    answers_apart = frozenset({"advance"})  # in batches

    @action(detail=False, methods=["post"])
    def advance(self, request: ApiRequest) -> Response:
        """Lets so much time pass for the key's business in test mode."""
        wanted = Advance.parse(request.data)
        by = timedelta(seconds=wanted.seconds)
        done = advance(merchant=request.merchant, mode=request.mode, by=by, actor=request.actor)
        return Response(TimeAdvanced(seconds=wanted.seconds, sessions=done.sessions, expired=done.expired))
