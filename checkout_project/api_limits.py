"""Turns away what no request can mean, before anything is read or parsed."""

from collections.abc import Mapping
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse

from checkout_project.api_errors import error_response
from checkout_project.errors import pages
from common.public_ids import new_public_id
from merchants_app.businesses.logos import LARGEST_UPLOAD


def is_call(environ: Mapping[str, Any]) -> bool:
    """Whether the request is the API's; its description and docs are pages."""
    return bool(environ["PATH_INFO"].startswith("/api/v1/"))


def is_without_key(environ: Mapping[str, Any]) -> bool:
    """Whether it is a call of the API that sends no key at all, so that its body is of no use."""
    return is_call(environ) and not (environ.get("HTTP_AUTHORIZATION") or environ.get("HTTP_WW_API_KEY"))


def picture_bytes(environ: Mapping[str, Any]) -> int:
    """How much longer than any other a body may be: a business's settings come with its logo."""
    path = environ["PATH_INFO"]
    is_theirs = path.startswith("/dashboard/") and path.endswith(("/settings", "/settings/preview"))
    return LARGEST_UPLOAD if is_theirs or path.startswith("/admin/merchants_app/merchant/") else 0


def refusal_of(request: HttpRequest) -> HttpResponse | None:
    """For calls of the API: 413 for a body too large, 404 and 400 for NUL in the address."""
    if too_large := _too_large(request):
        return error_response(413, "body_too_large", too_large)
    match _place_of_nul(request):
        case "path":
            return error_response(404, "not_found", "There is nothing at this address.")
        case "query":
            return error_response(400, "null_characters_not_allowed", "NUL is not text.", attr=_named_by_nul(request))
    return None


def page_refusal_of(request: HttpRequest) -> HttpResponse | None:
    """The same for pages."""
    if too_large := _too_large(request):
        return pages.too_large(request, reason=too_large)
    match _place_of_nul(request):
        case "path":
            return pages.not_found(request, Http404())
        case "query":
            return pages.unreadable(request, SuspiciousOperation())
    return None


def late_answer(environ: Mapping[str, Any], *, seconds: float) -> HttpResponse:
    """408 for a body that was not whole in time. Made of little, because those who do it do it by the hundred."""
    detail = f"The body was not whole within {seconds:g} seconds. Send it at once."
    if is_call(environ):
        answer = error_response(408, "body_too_slow", detail)
    else:
        answer = HttpResponse(f"{detail} Nothing was done.\n", status=408, content_type="text/plain; charset=utf-8")
    answer["Request-Id"] = new_public_id("req")
    answer["Cache-Control"], answer["X-Content-Type-Options"] = "no-store", "nosniff"
    return answer


def _too_large(request: HttpRequest) -> str | None:
    """Why a body is not taken, or None when it is."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + picture_bytes(request.META)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > limit:
        return f"The body is larger than {limit} bytes."
    return None


def _place_of_nul(request: HttpRequest) -> Literal["path", "query"] | None:
    """Where the address has a NUL. PostgreSQL's text holds none, so nothing that we keep can be named with one."""
    if "\0" in request.path:
        return "path"
    return "query" if "%00" in request.META.get("QUERY_STRING", "") else None


def _named_by_nul(request: HttpRequest) -> str | None:
    try:
        found = (name for name, values in request.GET.lists() if "\0" in name or "\0" in "".join(values))
        return next(found).replace("\0", "%00")
    except SuspiciousOperation:  # more parameters than Django reads
        return None
