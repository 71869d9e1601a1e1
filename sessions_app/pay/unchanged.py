"""Open pages that ask whether there is anything new: nearly always there is not, and one statement says so to them all.

Everything that this cannot answer goes the ordinary way, to `views.status`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.utils import timezone

from chains_app.reading.attention import wake
from common.network.languages import language_of
from sessions_app.paying.page_rows import PageRows, page_rows
from sessions_app.shown.states import PLAIN, Wanted, is_still_so
from sessions_app.status import is_live

# What the page's address may ask for, and what its news are then asked with.
_QUERY = {"change": "1", "again": "1", "from": "exchange", "qr": "other"}


def wanted_of(request: HttpRequest) -> Wanted:
    """What the buyer asked to see."""
    if not request.META.get("QUERY_STRING"):
        return PLAIN
    return Wanted(
        change=request.GET.get("change") == _QUERY["change"],
        again=request.GET.get("again") == _QUERY["again"],
        by_exchange=request.GET.get("from") == _QUERY["from"],
        other_code=request.GET.get("qr") == _QUERY["qr"],
    )


def query_of(request: HttpRequest) -> dict[str, str]:
    """The parts of the page's own query that its status must be asked with."""
    return {name: value for name, value in _QUERY.items() if request.GET.get(name) == value}


def with_other_code(query: Mapping[str, str]) -> dict[str, str]:
    """The query for the same view with the other of its two QR codes."""
    others = {name: value for name, value in query.items() if name != "qr"}
    return others if "qr" in query else others | {"qr": _QUERY["qr"]}


def version_known_to(request: HttpRequest) -> str:
    """The version of the page that whoever asks has; empty without one."""
    known: str = request.META.get("HTTP_IF_NONE_MATCH", "")
    return known.removeprefix("W/").strip('"')  # weak where it was compressed


def unchanged(asked: Sequence[tuple[str, HttpRequest]]) -> list[bool]:
    """Of each page, by its token and the request: whether it is sure to look as whoever asks knows it."""
    now = timezone.now()
    found = page_rows({token for token, _ in asked}, now=now)
    # Somebody looks whether what they sent late has come.
    for network in {each.network for each in found.values() if each.network and not is_live(each.status)}:
        wake(network)
    return [_is_unchanged(request, found.get(token), now=now) for token, request in asked]


def _is_unchanged(request: HttpRequest, rows: PageRows | None, *, now: datetime) -> bool:
    if rows is None:
        return False
    try:
        language = language_of(request, *rows.wished_languages, offer=rows.speaks)
        wanted = wanted_of(request)
    except SuspiciousOperation:  # its address has too much in it, say: the page tells them
        return False
    return is_still_so(version_known_to(request), rows.versions, language=language, wanted=wanted, now=now)
