"""Turns away what no request can mean, before anything is read or parsed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import bad_request, page_not_found

from checkout_project.api_errors import error_response

API = "/api/v1/"
# Where the web process's door says that a body was not whole in time.
LATE = "tallystick.late_body"


class _Fault(NamedTuple):
    status: int
    code: str
    detail: str


def is_without_key(environ: Mapping[str, Any]) -> bool:
    """Whether it is a call of the API that sends no key at all, so that its body tells nobody anything."""
    is_call = environ["PATH_INFO"].startswith(API)
    return is_call and not (environ.get("HTTP_AUTHORIZATION") or environ.get("HTTP_WW_API_KEY"))


def refusal_of(request: HttpRequest) -> HttpResponse | None:
    """For calls of the API: 413 for a body too large, 408 for one too slow, 404 and 400 for NUL in the address."""
    if fault := _fault_of_body(request):
        return error_response(*fault)
    # PostgreSQL's text holds no NUL, so nothing that we keep can be named with one.
    if "\0" in request.path:
        return error_response(404, "not_found", "There is nothing at this address.")
    if "%00" in request.META.get("QUERY_STRING", ""):
        return error_response(400, "null_characters_not_allowed", "NUL is not text.", attr=_named_by_nul(request))
    return None


def page_refusal_of(request: HttpRequest) -> HttpResponse | None:
    """The same for pages."""
    if fault := _fault_of_body(request):
        return render(request, "body_refused.html", {"reason": fault.detail}, status=fault.status)
    if "\0" in request.path:
        return page_not_found(request, Http404())
    return bad_request(request, SuspiciousOperation()) if "%00" in request.META.get("QUERY_STRING", "") else None


def _fault_of_body(request: HttpRequest) -> _Fault | None:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > limit:
        return _Fault(413, "body_too_large", f"The body is larger than {limit} bytes.")
    if seconds := request.META.get(LATE):
        return _Fault(408, "body_too_slow", f"The body was not whole within {seconds:g} seconds. Send it at once.")
    return None


def _named_by_nul(request: HttpRequest) -> str | None:
    try:
        found = (name for name, values in request.GET.lists() if "\0" in name or "\0" in "".join(values))
        return next(found).replace("\0", "%00")
    except SuspiciousOperation:  # more parameters than Django reads
        return None
