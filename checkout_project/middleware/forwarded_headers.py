"""What a request says of the way it came counts only from a proxy of ours."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

_FORWARDED = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT")


class ForwardedHeadersMiddleware:
    """Takes the `X-Forwarded-…` headers off requests from anybody else, so that nothing behind it can believe them.

    Needed only where proxies are known by address: with a number of them, everybody who reaches us is one, and without
    any, nobody asks for these headers.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.TRUSTED_PROXIES.ranges:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.TRUSTED_PROXIES.include(request.META.get("REMOTE_ADDR", "")):
            for name in _FORWARDED:
                request.META.pop(name, None)
        return self.get_response(request)
