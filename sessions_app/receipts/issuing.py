"""Receipts are signed a moment after their session is paid, once, by whoever comes first: the job, or who looks.

A receipt says what is so when it is signed. What becomes of the money later (a refund, a payment that the network takes
back) its page shows beside it; the signature stays as it is.
"""

from datetime import datetime

import structlog
from cryptography.fernet import InvalidToken
from django.db.models import Max, QuerySet
from joserfc.jwk import OKPKey

from sessions_app.errors import SessionNotFound
from sessions_app.models import CheckoutSession, Receipt, StatusChange
from sessions_app.owed.letters import begin_receipts
from sessions_app.receipts.content import content_of, paying
from sessions_app.receipts.keys import signing_key
from sessions_app.receipts.signing import signed
from sessions_app.state.evaluation import is_lost
from sessions_app.state.facts import facts_of, with_facts
from sessions_app.status import Issue, Status

BATCH = 200
# Lines of the timelines: those of some hours.
_LOOKED_AT_AGAIN = 50_000

_log = structlog.get_logger()


class ReceiptNotFound(SessionNotFound):
    """No receipt has this address."""


def sign_receipts(now: datetime) -> int:
    """Signs those that wait; returns how many. Safe to run twice at once."""
    waiting = Receipt.objects.filter(signed="").exclude(session__issue=Issue.REVERSED).order_by("-pk")
    done, keys = 0, list(waiting.values_list("pk", flat=True)[:BATCH])
    # On behind those that say nothing yet, or fail: they hold up no other.
    while keys and done < BATCH:
        done += _sign(keys, now)
        keys = list(waiting.filter(pk__lt=keys[-1]).values_list("pk", flat=True)[:BATCH])
    return done


def begin_missed_receipts() -> int:
    """For what a process of an older version completed, beside this one: it wrote no row. Returns how many."""
    newest = StatusChange.objects.aggregate(newest=Max("pk"))["newest"] or 0
    recent = StatusChange.objects.filter(pk__gt=newest - _LOOKED_AT_AGAIN, to_status=Status.COMPLETED)
    sessions = CheckoutSession.objects.filter(pk__in=recent.values("session"), status=Status.COMPLETED, receipt=None)
    missed = list(sessions.only("page_token"))
    begin_receipts(missed)
    return len(missed)


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
        try:
            done += _sign_one(session, key, now)
        except Exception:  # noqa: BLE001  (whatever it is, the others must be signed)
            _log.exception("receipts.not_signed", session_id=session.public_id)
    return done


def _sign_one(session: CheckoutSession, key: OKPKey, now: datetime) -> int:
    if is_lost(facts_of(session)) or not paying(session):
        return 0
    signature = signed(content_of(session, now=now), key)
    # Whoever was first has said it.
    return Receipt.objects.filter(pk=session.pk, signed="").update(signed=signature, issued_at=now)


def _sessions(keys: list[int]) -> QuerySet[CheckoutSession]:
    return with_facts(CheckoutSession.objects.filter(pk__in=keys), "merchant").prefetch_related("quotes")
