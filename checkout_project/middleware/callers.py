"""Lets the audit log say where an act came from."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from common.network.caller import calling

# Where members, keys and operators come in. Of buyers nothing is kept that they did not give.
_DOORS = ("/dashboard", "/admin/", "/api/v1/", "/accounts/", "/invitations/", "/oauth/")


class CallersMiddleware:
    """Keeps the request at hand while it is answered, for those who are named in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(_DOORS):
            return self.get_response(request)
        with calling(request):
            return self.get_response(request)
