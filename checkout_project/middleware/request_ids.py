"""Every answer carries `Request-Id`, and every log line written meanwhile carries the same id,
with that of the session or event that the address names."""

import re
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from common.public_ids import new_public_id

# Ids of ours that are no secret, by their prefix and what lines call them. The token of a buyer's page is one.
_TOLD = {"cs": "session_id", "evt": "event_id", "ref": "refund_id"}
_ACCEPTABLE = re.compile(r"[A-Za-z0-9_.\-]{8,64}")
_ID = re.compile(r"[0-9a-z]{26}")


class RequestIdMiddleware:
    """Takes a proxy's `X-Request-Id` when it is harmless, else makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers the request with its id in the header."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else new_public_id("req")
        request.META["tallystick.request_id"] = request_id
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.reset_contextvars(**bound)
            structlog.contextvars.unbind_contextvars(*_TOLD.values())
        response["Request-Id"] = request_id
        return response

    def process_view(self, _request: HttpRequest, _view: object, _given: object, named: dict[str, object]) -> None:
        """Lines tell which session or event the address is about."""
        for value in named.values():
            prefix, _, rest = str(value).partition("_")
            if prefix in _TOLD and _ID.fullmatch(rest):
                structlog.contextvars.bind_contextvars(**{_TOLD[prefix]: value})
