"""What all of a buyer's pages have in common: the session of their address, its language, and privacy."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers

from sessions_app.errors import SessionNotFound
from sessions_app.models import CheckoutSession
from sessions_app.reading.queries import session_for_buyer

BuyersDoor = Callable[[HttpRequest, CheckoutSession], HttpResponse]


def buyers_page(door: BuyersDoor) -> Callable[[HttpRequest, str], HttpResponse]:
    """Finds the session of the URL, speaks its language, and keeps the URL private."""

    @wraps(door)
    def view(request: HttpRequest, page_token: str) -> HttpResponse:
        try:
            session = session_for_buyer(page_token)
        except SessionNotFound:
            return _private(render(request, "pay/not_found.html", status=404))
        with translation.override(_language(session, request)):
            return _private(door(request, session))

    return view


def _language(session: CheckoutSession, request: HttpRequest) -> str:
    """The one the shop asked for, if we speak it; else the browser's."""
    try:
        return translation.get_supported_language_variant(session.locale)
    except LookupError:
        return translation.get_language_from_request(request)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    # Not `no-referrer`: under it browsers send `Origin: null` with a form, and its CSRF check must fail. This one
    # tells other sites just as little.
    response["Referrer-Policy"] = "same-origin"
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response
