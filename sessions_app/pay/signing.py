"""Signing instead of sending: what the page's script has a wallet sign, and where it brings the signature.

Answers are JSON: a wallet needs a script, so nobody comes here without one.
"""

import re
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe
from eth_utils.address import to_checksum_address

from chains_app.calls.authorizations import typed_data
from chains_app.calls.wallet_signatures import signature_bytes
from common.errors import DomainError
from merchants_app.frame.throttling import TooManyRequests, count_signed
from sessions_app.errors import NotAPayment
from sessions_app.models import CheckoutSession
from sessions_app.pay.frame import buyers_page, told
from sessions_app.signing.asked import is_asked
from sessions_app.signing.settling import SignedPayment, settle

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_SECONDS = re.compile(r"[0-9]{1,12}")

Door = Callable[[HttpRequest, CheckoutSession], JsonResponse]


def _tells(door: Door) -> Door:
    """Answers refusals in JSON: the sentence that the buyer is to read, and the moment that it names, if any."""

    @wraps(door)
    def view(request: HttpRequest, session: CheckoutSession) -> JsonResponse:
        try:
            return door(request, session)
        except TooManyRequests as refusal:
            sentence = gettext("Too many signatures came from here. Wait a minute, then try again.")
            headers = {"Retry-After": str(refusal.allowance.reset_seconds)}
            return JsonResponse({"code": "rate_limited", "detail": sentence}, status=429, headers=headers)
        except DomainError as refusal:
            answer = {"code": refusal.code, "detail": told(refusal).of_facts, "until": refusal.about.get("until")}
            return JsonResponse(answer, status=refusal.status)

    return view


@require_safe
@buyers_page
@_tells
def to_sign(request: HttpRequest, session: CheckoutSession) -> JsonResponse:
    """What the wallet at `?sender=` is to sign (`eth_signTypedData_v4`) to pay what is due."""
    now = timezone.now()
    asked = is_asked(session, now=now)
    valid_before = int(now.timestamp()) + asked.seconds
    transfer = asked.authorization(sender=_sender(request.GET.get("sender", "")), valid_before=valid_before)
    return JsonResponse({"typedData": typed_data(asked.option, transfer), "validBefore": str(valid_before)})


@require_POST
@buyers_page
@_tells
def sign(request: HttpRequest, session: CheckoutSession) -> JsonResponse:
    """The wallet has signed: `sender`, `valid_before`, `signature`. Everything else of it is what is due here."""
    count_signed(request)
    now, valid_before = timezone.now(), request.POST.get("valid_before", "")
    signature = signature_bytes(request.POST.get("signature", ""))
    if signature is None or not _SECONDS.fullmatch(valid_before):
        raise NotAPayment(gettext("The wallet gave no signature that can be read. Nothing was sent."), attr="signature")
    sender = _sender(request.POST.get("sender", ""))
    transfer = is_asked(session, now=now).authorization(sender=sender, valid_before=int(valid_before))
    row = settle(session, SignedPayment(transfer=transfer, signature=signature), now=now)
    return JsonResponse({"transaction": row.tx_hash})


def _sender(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise NotAPayment(gettext("Say which wallet signs, by its address: 0x and 40 hex digits."), attr="sender")
    return to_checksum_address(text)
