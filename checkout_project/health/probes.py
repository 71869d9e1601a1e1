"""What supervisors ask needs no name and no https: they come by a pod's address, from inside."""

from collections.abc import Callable
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

_PROBES = ("/healthz", "/readyz", "/metrics")


def is_from_inside(request: HttpRequest) -> bool:
    """Whether somebody of our own network asks, and no proxy for somebody else."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_private
    except ValueError:
        return False


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
