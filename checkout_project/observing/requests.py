"""Counts what is answered, by route: never by what stands in the address."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from common.measures.counted import HTTP_REQUESTS, HTTP_SECONDS

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
NO_ROUTE = "none"  # files, and addresses that there are not


class Counted:
    """Stands behind the probes, which would be half of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes it on, and counts the answer."""
        began = time.perf_counter()
        response = self.get_response(request)
        count(_route(request), request.method, response.status_code, seconds=time.perf_counter() - began)
        return response


def count(route: str, method: str | None, status: int, *, seconds: float) -> None:
    """One answer."""
    HTTP_REQUESTS.labels(route, method if method in _METHODS else "other", status).inc()
    HTTP_SECONDS.labels(route).observe(seconds)


def _route(request: HttpRequest) -> str:
    found = request.resolver_match
    return found.view_name or found.route if found else NO_ROUTE
