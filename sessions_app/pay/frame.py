"""What all of a buyer's pages have in common: the session of their address, its language, privacy, who frames it."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from sessions_app.errors import SessionNotFound
from sessions_app.models import CheckoutSession
from sessions_app.pay.embedding import foreign_form, framed_by_shops, is_from_here
from sessions_app.reading.queries import session_for_buyer

BuyersDoor = Callable[[HttpRequest, CheckoutSession], HttpResponse]


def buyers_page(door: BuyersDoor) -> Callable[[HttpRequest, str], HttpResponse]:
    """Finds the session of the URL, speaks its language, takes our own forms only, and keeps the URL private."""

    @csrf_exempt  # no cookie comes with a form in a shop's frame: `embedding` says what is asked instead
    @wraps(door)
    def view(request: HttpRequest, page_token: str) -> HttpResponse:
        try:
            session = session_for_buyer(page_token)
        except SessionNotFound:
            return keep_private(render(request, "pay/not_found.html", status=404))
        with translation.override(language_for(session, request)):
            if is_from_here(request):
                response = door(request, session)
            else:
                response = foreign_form(request, back=reverse("hosted:pay", args=[session.page_token]))
            return keep_private(framed_by_shops(response, session.merchant, session.mode))

    return view


def language_for(session: CheckoutSession, request: HttpRequest) -> str:
    """The one the shop asked for, if we speak it; else one of the browser's; else what the business says."""
    try:
        return translation.get_supported_language_variant(session.locale)
    except LookupError:
        found = translation.get_language_from_request(request)
    # Of a browser that asks for none that there is, Django says English.
    is_asked_for = found.partition("-")[0] in request.headers.get("Accept-Language", "").lower()
    return found if is_asked_for else session.merchant.language or found


def keep_private(response: HttpResponse) -> HttpResponse:
    """Kept by no cache and no search engine; its address is told to nobody."""
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    # Not `no-referrer`: under it browsers send `Origin: null` with a form, and its CSRF check must fail. This one
    # tells other sites just as little.
    response["Referrer-Policy"] = "same-origin"
    patch_vary_headers(response, ["Cookie", "Accept-Language", "Sec-Fetch-Dest"])
    return response
