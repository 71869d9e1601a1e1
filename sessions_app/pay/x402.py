"""The page's door for programs (x402, version 2): 402 with what is to be signed, and a signed payment is settled.

GET alone, without cookies; the token in the address is all that it takes, as with the page.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from chains_app.calls.facilitator import X402_VERSION
from chains_app.calls.x402 import requirements_of
from chains_app.networks.networks import network
from common.api.exact_json import dumps
from common.errors import DomainError
from merchants_app.frame.throttling import TooManyRequests, count_signed
from sessions_app.errors import NotSettled, WrongSignature
from sessions_app.models import Authorization, CheckoutSession
from sessions_app.pay.frame import keep_private
from sessions_app.pay.signed_headers import header, read_payment
from sessions_app.paying.signed import is_dropped, under_way
from sessions_app.reading.queries import session_for_buyer
from sessions_app.signing.offered import all_offered, picked
from sessions_app.signing.settling import settle
from sessions_app.status import COVERED, Status

SIGN_HERE = "Sign one of `accepts`, and send it in PAYMENT-SIGNATURE."
RETRY_SECONDS = 5
# What x402 calls what is wrong with a signed transfer, by the field at fault.
_REASONS = {
    "to": "invalid_exact_evm_payload_recipient_mismatch",
    "value": "invalid_exact_evm_payload_authorization_value",
    "validAfter": "invalid_exact_evm_payload_authorization_valid_after",
    "validBefore": "invalid_exact_evm_payload_authorization_valid_before",
    "signature": "invalid_exact_evm_payload_signature",
    "network": "invalid_network",
}


@require_GET
def x402(request: HttpRequest, page_token: str) -> HttpResponse:
    """402 while something is due, 202 while what was signed is on its way, 200 when it was settled or is paid."""
    try:
        session = session_for_buyer(page_token)
        given = request.headers.get("PAYMENT-SIGNATURE", "")
        answer = _pay(request, session, given) if given else _ask(request, session)
    except TooManyRequests as refusal:
        answer = _json({"code": "rate_limited", "detail": str(refusal.detail)}, status=429)
        answer["Retry-After"] = str(refusal.allowance.reset_seconds)
    except DomainError as refusal:
        told = {"code": refusal.code, "detail": refusal.detail, "attr": refusal.attr, **refusal.about}
        answer = _json(told, status=refusal.status)
        if refusal.status == 503:
            answer["Retry-After"] = str(RETRY_SECONDS)
    return keep_private(answer)


def _ask(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    if session.status in COVERED:
        return _json(_standing(session), status=200)
    if sent := under_way(session):
        return _json(_standing(session, sent), status=202)
    if session.quote is None or session.quote.valid_until <= timezone.now():
        count_signed(request)  # what is offered becomes the quote
    return _required(session, SIGN_HERE)


def _pay(request: HttpRequest, session: CheckoutSession, given: str) -> HttpResponse:
    count_signed(request)
    payment, now = read_payment(given), timezone.now()
    try:
        if session.status == Status.OPEN:
            accepted = payment.accepted
            session = picked(session, caip2=accepted.network, contract=accepted.asset, now=now)
        row = settle(session, payment.signed, now=now)
    except (WrongSignature, NotSettled) as refusal:
        answer = _required(session, refusal.detail)
        reason = str(refusal.about.get("reason") or _REASONS[refusal.attr or "signature"])
        failed = {"success": False, "errorReason": reason, "transaction": "", "network": payment.accepted.network}
        answer["PAYMENT-RESPONSE"] = header(failed)
        return answer
    answer = _json(_standing(session, row), status=200)
    answer["PAYMENT-RESPONSE"] = header(
        {"success": True, "transaction": row.tx_hash, "network": network(row.network).caip2, "payer": row.sender}
    )
    return answer


def _required(session: CheckoutSession, error: str) -> HttpResponse:
    offered = all_offered(session, now=timezone.now())
    url = settings.PUBLIC_URL + reverse("hosted:pay-x402", args=[session.page_token])
    told = {
        "x402Version": X402_VERSION,
        "error": error,
        "resource": {"url": url, "description": session.product_name[:250], "mimeType": "application/json"},
        "accepts": [
            requirements_of(each.option, recipient=each.recipient, units=each.units, seconds=each.seconds)
            for each in offered
        ],
    }
    answer = _json(told, status=402)
    answer["PAYMENT-REQUIRED"] = header(told)
    return answer


def _standing(session: CheckoutSession, row: Authorization | None = None) -> dict[str, Any]:
    """Where the payment stands. That a transfer was brought is the facilitator's word; `status` is ours."""
    told: dict[str, Any] = {"id": session.public_id, "status": session.status, "paymentStatus": session.payment_status}
    if row is not None:
        tx_hash = "" if is_dropped(row, session) else row.tx_hash
        told |= {
            "transaction": tx_hash or None,
            "explorerUrl": network(row.network).transaction_link(tx_hash) if tx_hash else None,
        }
    return told


def _json(value: dict[str, Any], *, status: int) -> HttpResponse:
    return HttpResponse(dumps(value), status=status, content_type="application/json")
