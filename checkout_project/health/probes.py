"""What supervisors ask needs no name and no https: they come by a pod's address, from inside."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

_PROBES = ("/healthz", "/readyz", "/metrics")


class Probes:
    """Answers them before `Host` is looked at and http is led to https."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers a probe, or passes the request on."""
        if request.path in _PROBES:
            answer: HttpResponse = resolve(request.path).func(request)
            return answer
        return self.get_response(request)
