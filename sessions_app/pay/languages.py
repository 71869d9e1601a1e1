"""In which language a buyer is spoken to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

PARAMETER = "lang"  # of the page's address: the buyer chose it there
_COOKIE = "language"


def language_of(request: HttpRequest, *, asked_for: str = "", otherwise: str = "") -> str:
    """What the buyer chose; else what the shop asked for; else what the browser asks for; else the business's own."""
    wishes = (request.GET.get(PARAMETER, ""), request.COOKIES.get(_COOKIE, ""), asked_for)
    if spoken := next(filter(None, map(_spoken, filter(None, wishes))), ""):
        return spoken
    found = translation.get_language_from_request(request)
    # Of a browser that asks for none that there is, Django says English.
    is_asked_for = found.partition("-")[0] in request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower()
    return found if is_asked_for else _spoken(otherwise) or found


def remember_choice(request: HttpRequest, response: HttpResponse) -> None:
    """Keeps a choice for this one page and those below it, so that a form needs not carry it along."""
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    if chosen := _spoken(request.GET.get(PARAMETER, "")):
        response.set_cookie(
            _COOKIE, chosen, path=request.path, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
        )


def speaks_buyers_language(door: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of which no session says the language yet."""

    @wraps(door)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override(language_of(request)):
            response = door(request, *args, **kwargs)
        remember_choice(request, response)
        return response

    return view


def _spoken(wish: str) -> str:
    try:
        return translation.get_supported_language_variant(wish)
    except LookupError:
        return ""
