"""Turns away what no API call can mean, before anything is read or parsed."""

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse

from checkout_project.api_errors import error_response


def refusal_of(request: HttpRequest) -> HttpResponse | None:
    """413 for a body too large, 404 and 400 for NUL in the address; None for all others."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > limit:
        _drop_body(request, pieces=16, size=limit)
        return error_response(413, "body_too_large", f"The body is larger than {limit} bytes.")
    # PostgreSQL's text holds no NUL, so nothing that we keep can be named with one.
    if "\0" in request.path:
        return error_response(404, "not_found", "There is nothing at this address.")
    if "%00" in request.META.get("QUERY_STRING", ""):
        return error_response(400, "null_characters_not_allowed", "NUL is not text.", attr=_named_by_nul(request))
    return None


def _named_by_nul(request: HttpRequest) -> str | None:
    try:
        found = (name for name, values in request.GET.lists() if "\0" in name or "\0" in "".join(values))
        return next(found).replace("\0", "%00")
    except SuspiciousOperation:  # more parameters than Django reads
        return None


def _drop_body(request: HttpRequest, *, pieces: int, size: int) -> None:
    """Reads on a while and keeps nothing: a client that is still sending would see a broken connection, no answer."""
    while pieces and request.read(size):
        pieces -= 1
