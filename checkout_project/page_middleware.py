"""Middleware that only pages need: a call of the API has no cookie, no language and no frame around it."""

from typing import Any, cast

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation


def is_api_call(request: HttpRequest) -> bool:
    """Whether the request is the API's; its description and docs are pages."""
    return request.path_info.startswith("/api/v1/")


class _PagesOnly:
    """Put before a middleware class of Django's: the API's calls go past it."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_api_call(request):
            return self.get_response(request)  # type: ignore[no-any-return]
        return super().__call__(request)  # type: ignore[misc, no-any-return]


class Sessions(_PagesOnly, SessionMiddleware):
    """Who is signed in, by cookie."""


class Users(_PagesOnly, AuthenticationMiddleware):
    """`request.user`."""


class Messages(_PagesOnly, MessageMiddleware):
    """What the next page tells."""


class Frames(_PagesOnly, XFrameOptionsMiddleware):
    """No frame of another site."""


class Forms(_PagesOnly, CsrfViewMiddleware):
    """No forms of another site. The API takes no cookie that one could misuse."""

    def process_view(self, request: HttpRequest, *rest: Any) -> Any:
        """Checks the form's token."""
        return None if is_api_call(request) else super().process_view(request, *rest)


class Languages(LocaleMiddleware):
    """Pages speak the reader's language, the API always the same."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answers in that language."""
        if is_api_call(request):
            if translation.get_language() != "en":  # the thread still has that of the page before
                translation.activate("en")
            return cast("HttpResponseBase", self.get_response(request))
        return cast("HttpResponseBase", super().__call__(request))
