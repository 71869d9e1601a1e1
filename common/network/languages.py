"""In which language a buyer is spoken to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

PARAMETER = "lang"  # of the page's address: the buyer chose it there
_COOKIE = "language"


def language_of(request: HttpRequest, *, asked_for: str = "", otherwise: str = "") -> str:
    """What the buyer chooses with this address; else what was asked for before, by them or the shop; else what the
    browser asks for; else the business's own.
    """
    if spoken := chosen(request) or _spoken(asked_for):
        return spoken
    found = translation.get_language_from_request(request)
    # Of a browser that asks for none that there is, Django says English.
    is_asked_for = found.partition("-")[0] in request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower()
    return found if is_asked_for else _spoken(otherwise) or found


def chosen(request: HttpRequest) -> str:
    """The language that the buyer chooses with this address; empty as a rule."""
    try:
        return _spoken(request.GET.get(PARAMETER, ""))
    except SuspiciousOperation:  # more parameters than Django reads
        return ""


def remembered(request: HttpRequest) -> str:
    """The one that they chose before, on a page that keeps it with the browser."""
    return _spoken(request.COOKIES.get(_COOKIE, ""))


def remember_choice(request: HttpRequest, response: HttpResponse, *, path: str) -> None:
    """Keeps a choice with the browser, for the page of this path and those below it: where no session may keep it."""
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    if language := chosen(request):
        response.set_cookie(
            _COOKIE, language, path=path, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
        )


def speaks_buyers_language(door: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of which no session says the language. It keeps no choice: what stands in its address is anybody's."""

    @wraps(door)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override(language_of(request, asked_for=remembered(request))):
            response = door(request, *args, **kwargs)
        patch_vary_headers(response, ["Cookie", "Accept-Language"])
        return response

    return view


def _spoken(wish: str) -> str:
    """As we name it; empty for what we do not speak."""
    try:
        return translation.get_supported_language_variant(wish)
    except LookupError:
        return ""
