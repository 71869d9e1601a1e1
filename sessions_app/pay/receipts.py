"""The doors of receipts: the sheet, its signature as a file, the page that checks it, and the installation's keys.

A receipt's address is a secret of its own. Whoever has it sees what was paid, and can do nothing.
"""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from common.network.languages import remember_choice, remembered, speaking, speaks_buyers_language
from sessions_app.models import Receipt
from sessions_app.pay.codes import qr_svg
from sessions_app.pay.frame import keep_private
from sessions_app.receipts.issuing import ReceiptNotFound, receipt_at
from sessions_app.receipts.keys import public_keys
from sessions_app.receipts.sheet import sheet_of
from sessions_app.receipts.signing import as_json
from sessions_app.shown.order import order_of
from sessions_app.state.representation import receipt_url

ReceiptDoor = Callable[[HttpRequest, Receipt], HttpResponse]


def _receipts_door(door: ReceiptDoor) -> Callable[[HttpRequest, str], HttpResponse]:
    """Finds the receipt of the URL, speaks its buyer's language, and keeps the URL private.

    Another one may be chosen, for this browser alone: who reads a receipt need not be its buyer.
    """

    @require_safe
    @gzip_page
    @wraps(door)
    def view(request: HttpRequest, token: str) -> HttpResponse:
        try:
            receipt = receipt_at(token, now=timezone.now())
        except ReceiptNotFound:
            return _not_found(request)
        session = receipt.session
        offer = session.merchant.speaks
        with speaking(request, remembered(request), *session.wished_languages, offer=offer):
            response = keep_private(door(request, receipt))
        remember_choice(request, response, path=reverse("hosted:receipt", args=[token]), offer=offer)
        return response

    return view


@_receipts_door
def sheet(request: HttpRequest, receipt: Receipt) -> HttpResponse:
    """What was paid: on the screen a sheet, on paper one page."""
    return render(request, "receipt/sheet.html", _context(receipt))


@_receipts_door
def check(request: HttpRequest, receipt: Receipt) -> HttpResponse:
    """Whether it is ours, whether it holds, and how anybody can check that without us."""
    return render(request, "receipt/check.html", _context(receipt))


@_receipts_door
def signature(_request: HttpRequest, receipt: Receipt) -> HttpResponse:
    """The signature with what was signed, as a file. 404 while there is none."""
    if not receipt.signed:
        return HttpResponse(status=404)
    response = JsonResponse(as_json(receipt.signed), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="{receipt.token}.json"'
    return response


@_receipts_door
def qr(_request: HttpRequest, receipt: Receipt) -> HttpResponse:
    """The address of the page that checks it, as a QR code."""
    return HttpResponse(qr_svg(check_url(receipt), error="q"), content_type="image/svg+xml")


@require_safe
def keys(_request: HttpRequest) -> HttpResponse:
    """The public keys that receipts are signed with, former ones too: a JSON Web Key Set (RFC 7517)."""
    response = JsonResponse({"keys": public_keys()}, content_type="application/jwk-set+json")
    response["Cache-Control"] = "public, max-age=300"
    response["Access-Control-Allow-Origin"] = "*"
    return response


@speaks_buyers_language
def _not_found(request: HttpRequest) -> HttpResponse:
    return keep_private(render(request, "receipt/not_found.html", status=404))


def check_url(receipt: Receipt) -> str:
    """What its code leads to."""
    return f"{receipt_url(receipt.session)}/check"


def _context(receipt: Receipt) -> dict[str, object]:
    return {
        "sheet": sheet_of(receipt),
        "order": order_of(receipt.session),
        "check_url": check_url(receipt),
        "file_url": reverse("hosted:receipt-signature", args=[receipt.token]),
        "keys_url": reverse("receipt-keys"),
    }
