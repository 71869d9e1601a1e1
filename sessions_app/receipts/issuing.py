"""Receipts are signed a moment after their session is paid, once, by whoever comes first: the job, or who looks.

A receipt says what is so when it is signed. What becomes of the money later (a refund, a payment that the network takes
back) its page shows beside it; the signature stays as it is.
"""

from datetime import datetime

import structlog
from cryptography.fernet import InvalidToken
from django.db.models import QuerySet

from sessions_app.errors import SessionNotFound
from sessions_app.models import CheckoutSession, Receipt
from sessions_app.receipts.content import content_of, paying
from sessions_app.receipts.keys import signing_key
from sessions_app.receipts.signing import signed
from sessions_app.state.facts import with_facts
from sessions_app.status import Issue

BATCH = 200

_log = structlog.get_logger()


class ReceiptNotFound(SessionNotFound):
    """No receipt has this address."""


def sign_receipts(now: datetime) -> int:
    """Signs those that wait; returns how many. Safe to run twice at once."""
    waiting = Receipt.objects.filter(signed="").exclude(session__issue=Issue.REVERSED)
    # The newest first: one that says nothing yet holds up no other.
    return _sign(list(waiting.order_by("-pk").values_list("pk", flat=True)[:BATCH]), now)


def receipt_at(token: str, *, now: datetime) -> Receipt:
    """The receipt of an address, signed if it can be, with all that its page shows. Raises `ReceiptNotFound`."""
    receipt = Receipt.objects.filter(token=token).first()
    if receipt is None:
        raise ReceiptNotFound("There is no such receipt.")
    if not receipt.signed:
        _sign([receipt.pk], now)
        receipt.refresh_from_db()
    receipt.session = _sessions([receipt.pk]).get()
    return receipt


def _sign(keys: list[int], now: datetime) -> int:
    """None of which the network has taken the money back: there is nothing to say then."""
    if not keys:
        return 0
    try:
        key = signing_key(now)
    except InvalidToken:
        _log.error("receipts.not_signed", waiting=len(keys), reason="ENCRYPTION_KEYS cannot read the receipt key")
        return 0
    done = 0
    for session in _sessions(keys):
        if session.issue != Issue.REVERSED and paying(session):
            signature = signed(content_of(session, now=now), key)
            # Whoever was first has said it.
            done += Receipt.objects.filter(pk=session.pk, signed="").update(signed=signature, issued_at=now)
    return done


def _sessions(keys: list[int]) -> QuerySet[CheckoutSession]:
    return with_facts(CheckoutSession.objects.filter(pk__in=keys), "merchant").prefetch_related("quotes")
