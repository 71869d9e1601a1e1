"""What is read where no view answers: no such page, a request that cannot be read, a fault of ours, an outage.

Buyers read it as all else: in their language, on their page's paper, with a way back. Nothing here asks the database,
which may be what is away.
"""

import sys

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.defaults import bad_request, page_not_found
from redis import ResponseError

from checkout_project.errors.outage import OUTAGE, RETRY_SECONDS, in_words, is_outage, is_slow
from common.network.content_security import framed
from common.network.languages import speaks_buyers_language
from common.network.redis_cache import is_away

_BUYERS = ("/pay/", "/l/", "/receipt/")
_UNCOUNTED = "Redis cannot be reached, so that attempts to sign in cannot be counted. Try again in a minute."
_log = structlog.get_logger()


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler for an address at which nothing is."""
    if not _is_buyers(request):
        return page_not_found(request, exception)
    return _to_buyer(request, "pay/no_page.html", status=404)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler for a request that no browser of a person's sends."""
    if not _is_buyers(request):
        return bad_request(request, exception)
    return _to_buyer(request, "pay/unreadable.html", status=400)


def too_large(request: HttpRequest, *, reason: str) -> HttpResponse:
    """413 for a body that is not taken."""
    if not _is_buyers(request):
        return render(request, "body_refused.html", {"reason": reason}, status=413)
    return _to_buyer(request, "pay/unreadable.html", status=413)


def broken(request: HttpRequest) -> HttpResponse:
    """Django's handler for what no view caught: 503 in an outage, else the page that says it is our fault.

    Of Redis hears only who cannot do without: `common/network/redis_cache.py`.
    """
    number = request.META.get("tallystick.request_id", "")
    try:
        return _fault(request, sys.exc_info()[1], number)
    except Exception:  # noqa: BLE001  (it may be what all pages of buyers are made with)
        _log.exception("errors.page_failed")
        return _plain_fault(request, number)


def _fault(request: HttpRequest, error: BaseException | None, number: str) -> HttpResponse:
    if is_away(error):
        if isinstance(error, ResponseError):  # one that cannot be reached is told by its pool
            _log.warning("cache.redis_refuses", reason=str(error))
        return _unavailable(request, _UNCOUNTED)
    if error is not None and is_outage(error):
        OUTAGE.noticed(error)
        return _unavailable(request, in_words(error), slow=is_slow(error))
    if _is_buyers(request):
        return _to_buyer(request, "pay/broken.html", status=500, number=number)
    return _plain_fault(request, number)


def _plain_fault(request: HttpRequest, number: str) -> HttpResponse:
    return HttpResponseServerError(render_to_string("500.html", {"request_id": number} | _ways_on(request)))


def _ways_on(request: HttpRequest) -> dict[str, object]:
    """Where one can go from a page of ours that failed: to the same, unless something was sent to it."""
    again = request.get_full_path() if _may_repeat(request) else ""
    return {"again": again, "at_dashboard": request.path.startswith("/dashboard")}


def _may_repeat(request: HttpRequest) -> bool:
    return request.method in {"GET", "HEAD"}


def _unavailable(request: HttpRequest, reason: str, *, slow: bool = False) -> HttpResponse:
    if _is_buyers(request):
        page = _to_buyer(request, "pay/unavailable.html", status=503)
    else:  # without the request: who is signed in stands in the database
        said = {"reason": reason, "slow": slow} | _ways_on(request)
        page = HttpResponse(render_to_string("503.html", said), status=503)
    page["Retry-After"] = str(RETRY_SECONDS)
    return page


def _is_buyers(request: HttpRequest) -> bool:
    return request.path.startswith(_BUYERS)


@speaks_buyers_language
def _to_buyer(request: HttpRequest, template: str, *, status: int, **said: str) -> HttpResponse:
    own = "/".join(request.path.split("/")[:3])  # of the payment, link or receipt that it was about
    may_repeat = _may_repeat(request) and status >= 500
    said |= {"here": request.path, "back": request.get_full_path()} if may_repeat else {"here": own, "back": own}
    return framed(request, render(request, template, said, status=status))
