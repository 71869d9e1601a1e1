"""Addresses as people type them: with a slash at the end or without, both lead to the page. Not below the API's."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import is_valid_path
from django.utils.http import escape_leading_slashes


class TypedAddresses:
    """Leads on from a page that there is not to the one of the other spelling."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Only what was looked at: a form that was sent is not sent again."""
        response = self.get_response(request)
        if response.status_code != 404 or request.method not in {"GET", "HEAD"} or request.path.startswith("/api/"):
            return response
        path = request.path_info
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        # The address was no page's at all: one that is, and shows nothing, is answered as it is.
        if not other or request.resolver_match or not is_valid_path(other):
            return response
        query = request.META.get("QUERY_STRING", "")
        return HttpResponseRedirect(escape_leading_slashes(other) + (f"?{query}" if query else ""))
