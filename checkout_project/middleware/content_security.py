"""Sends the content security policy."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from common.network.content_security import content_security


class ContentSecurityMiddleware:
    """Sends the policy with every page that set none itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers the request with the policy in the header."""
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", content_security())
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response
