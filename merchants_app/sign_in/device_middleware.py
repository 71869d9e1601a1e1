"""Keeps the list of somebody's signed-in devices as they work (allauth's own would write with every page)."""

from collections.abc import Callable

import structlog
from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from merchants_app.sign_in.devices import is_fresh

_log = structlog.get_logger()


class DeviceMiddleware:
    """Stands behind sign-in and allauth's middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Notes from where, with what and when the person works; says nothing of visitors."""
        key = request.session.session_key
        # The address by the one rule of who is calling (`AccountAdapter.get_client_ip`).
        if key and request.user.is_authenticated and not is_fresh(key, address=get_adapter().get_client_ip(request)):
            try:
                UserSession.objects.create_from_request(request)
            except DatabaseError as error:  # read-only, or full: whoever is to mend that has to see the page
                _log.warning("devices.not_noted", reason=" ".join(str(error).split()))
        return self.get_response(request)
