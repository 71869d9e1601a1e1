"""Asks a buyer by mail where a refund shall go. The merchant says when; the link opens a page that asks only that."""

from datetime import datetime, timedelta

from common.errors import Conflict
from common.modes import Mode
from common.money import to_minor_unit
from merchants_app.audit import record
from merchants_app.mails import Posted, mail_at_once
from merchants_app.models import AuditEntry
from sessions_app.models import CheckoutSession
from sessions_app.refundable import arrived
from sessions_app.refunds import NothingToRefund
from sessions_app.representation import page_url

AGAIN_AFTER = timedelta(hours=1)
_ACTION = "refund.address_asked"


class NotMailed(Conflict):
    """The buyer was asked a moment ago, or the mail server did not take the letter."""

    code = "not_mailed"


def refund_page_url(session: CheckoutSession) -> str:
    """Where the buyer leaves an address."""
    return f"{page_url(session)}/refund"


def ask_by_mail(session: CheckoutSession, *, actor: str, now: datetime) -> None:
    """Sends the letter, at most once an hour. Raises `NothingToRefund`, `NotMailed`."""
    if not arrived(session):
        raise NothingToRefund("Of what arrived, nothing can go back: the page would have nothing to ask.")
    asked = AuditEntry.objects.filter(merchant=session.merchant, action=_ACTION, subject=session.public_id)
    if asked.filter(created_at__gt=now - AGAIN_AFTER).exists():
        raise NotMailed("The buyer was asked within the last hour: give them time to answer.")
    posted = mail_at_once(
        to=session.email,
        template="refund_address",
        merchant=session.merchant,
        session=session,
        amount=to_minor_unit(session.amount, session.currency),
        link=refund_page_url(session),
        is_test=session.mode == Mode.TEST,
    )
    if posted == Posted.REFUSED:
        raise NotMailed(f"The mail server refuses to deliver to {session.email}. Send the link another way.")
    if posted != Posted.SENT:
        raise NotMailed("The mail server does not take letters now. Try again later, or send the link another way.")
    record(merchant=session.merchant, mode=session.mode, actor=actor, action=_ACTION, subject=session.public_id)
