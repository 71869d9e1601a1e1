"""Every answer carries `Request-Id`, and every log line written meanwhile carries the same id."""

import re
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from common.public_ids import new_public_id

_ACCEPTABLE = re.compile(r"[A-Za-z0-9_.\-]{8,64}")


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
        response["Request-Id"] = request_id
        return response
