"""The API's way past the middleware that only pages need: its calls have no cookie, no language, no frame, no form.

Django wraps each middleware around the next, the last one first. So `Inside`, the last in the settings, has what stands
behind all of them when `Outside`, before the pages' middleware, is made and takes it over.
"""

from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.defaults import bad_request, page_not_found

GetResponse = Callable[[HttpRequest], HttpResponse]


def is_api_call(request: HttpRequest) -> bool:
    """Whether the request is the API's; its description and docs are pages."""
    return request.path_info.startswith("/api/v1/")


class Inside:
    """Stands behind the middleware that only pages need."""

    newest: "Inside"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        Inside.newest = self

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers a page."""
        return _refusal(request) or self.get_response(request)


class Outside:
    """Stands before it, and leads the API's calls around."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.get_api_response = Inside.newest.get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers a call straight away, a page through what it needs."""
        if not is_api_call(request):
            return self.get_response(request)
        if translation.get_language() != "en":  # the thread still has that of the page before
            translation.activate("en")
        response = self.get_api_response(request)
        # As `CommonMiddleware` does for pages; without it servers send an answer in chunks.
        response.headers["Content-Length"] = str(len(response.content))
        # A key in `ww-api-key` does not tell caches what one in `Authorization` tells them.
        response.headers["Cache-Control"] = "no-store"
        return response


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """PostgreSQL's text holds no NUL: nothing is named with one, and nothing can be looked for with one."""
    if "\0" in request.path:
        return page_not_found(request, Http404())
    return bad_request(request, SuspiciousOperation()) if "%00" in request.META.get("QUERY_STRING", "") else None
