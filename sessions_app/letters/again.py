"""The letter that asks a buyer to pay, once more: on the phone they say that they cannot find it."""

from datetime import datetime

from django.db import transaction

from merchants_app.audit import record
from sessions_app.buyers.forgetting import is_erased
from sessions_app.models import CheckoutSession, Letter
from sessions_app.refunding.mails import AGAIN_AFTER, NotMailed
from sessions_app.selling.by_hand import LetterFate, write_to_buyer
from sessions_app.state.lifecycle import lock
from sessions_app.status import LetterKind, Status


@transaction.atomic
def send_link_again(session: CheckoutSession, *, actor: str, now: datetime) -> None:
    """Owes it while the session is open, at most once an hour. Raises `NotMailed`."""
    session = lock(session.pk)  # of two at once the second sees the first's letter
    if session.status != Status.OPEN:
        raise NotMailed("Nothing can be paid by this link any more: no letter is sent.")
    if is_erased(session) or not session.email:
        raise NotMailed("No e-mail address of this buyer is known: send the link another way.")
    lately = Letter.objects.filter(session=session, kind=LetterKind.ASKED_TO_PAY, owed_at__gt=now - AGAIN_AFTER)
    if lately.exists():
        raise NotMailed("The buyer was sent the link within the last hour: give them time to answer.")
    fate = write_to_buyer(session, now=now, is_again=True)
    if fate != LetterFate.OWED:
        raise NotMailed(fate)
    record(merchant=session.merchant, mode=session.mode, actor=actor, action="session.link_sent",
           subject=session.public_id)  # fmt: skip
