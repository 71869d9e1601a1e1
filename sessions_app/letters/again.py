"""Letters that somebody at the dashboard has sent once more: on the phone a buyer says that they cannot find it."""

from datetime import datetime
from typing import Protocol

from django.db import transaction

from merchants_app.audit import record
from sessions_app.buyers.forgetting import can_be_written_to
from sessions_app.models import CheckoutSession, Letter
from sessions_app.refunding.mails import AGAIN_AFTER, NotMailed
from sessions_app.selling.by_hand import RECEIPT_SENT, LetterFate, write_as_asked
from sessions_app.state.evaluation import is_lost
from sessions_app.state.facts import facts_of
from sessions_app.state.lifecycle import lock
from sessions_app.status import LetterKind, Status


class SendAgain(Protocol):
    """One of these."""

    def __call__(self, session: CheckoutSession, *, actor: str, now: datetime) -> None: ...


def may_get_link(session: CheckoutSession) -> bool:
    """Whether its buyer can be sent the link, but for how often."""
    return session.status == Status.OPEN and can_be_written_to(session)


def may_get_receipt(session: CheckoutSession) -> bool:
    """The same of the receipt."""
    return _is_paid(session) and can_be_written_to(session)


@transaction.atomic
def send_link_again(session: CheckoutSession, *, actor: str, now: datetime) -> None:
    """Owes the letter that asks to pay while the session is open, at most once an hour. Raises `NotMailed`."""
    session = lock(session.pk)  # of two at once the second sees the first's letter
    if session.status != Status.OPEN:
        raise NotMailed("Nothing can be paid by this link any more: no letter is sent.")
    _refuse_again(session, LetterKind.ASKED_TO_PAY, what="the link", now=now)
    fate = write_as_asked(session, LetterKind.ASKED_TO_PAY, now=now, is_again=True)
    _noted(session, fate, actor=actor, action="session.link_sent")


@transaction.atomic
def send_receipt_again(session: CheckoutSession, *, actor: str, now: datetime) -> None:
    """Owes the receipt of a session that is paid, at most once an hour, also where no letters are sent by themselves.

    Raises `NotMailed`.
    """
    session = lock(session.pk)
    if not _is_paid(session):
        raise NotMailed("No payment is here that a receipt could be of: no letter is sent.")
    _refuse_again(session, LetterKind.RECEIPT, what="the receipt", now=now)
    fate = write_as_asked(session, LetterKind.RECEIPT, now=now, is_again=True)
    _noted(session, fate, actor=actor, action=RECEIPT_SENT)


def _is_paid(session: CheckoutSession) -> bool:
    return session.status == Status.COMPLETED and not is_lost(facts_of(session))


def _refuse_again(session: CheckoutSession, kind: LetterKind, *, what: str, now: datetime) -> None:
    if not can_be_written_to(session):
        raise NotMailed(f"No e-mail address of this buyer is known: send {what} another way.")
    if Letter.objects.filter(session=session, kind=kind, owed_at__gt=now - AGAIN_AFTER).exists():
        raise NotMailed(f"The buyer was sent {what} within the last hour: give them time to answer.")


def _noted(session: CheckoutSession, fate: LetterFate, *, actor: str, action: str) -> None:
    if fate != LetterFate.OWED:
        raise NotMailed(fate)
    record(merchant=session.merchant, mode=session.mode, actor=actor, action=action, subject=session.public_id)
