"""Letters to a buyer about a refund: where shall it go, and the code for another address."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext

from common.errors import Conflict
from common.modes import Mode
from common.money import to_minor_unit
from merchants_app.audit import record
from merchants_app.mail.mails import Posted, mail_at_once
from merchants_app.models import AuditEntry
from sessions_app.buyers.forgetting import is_erased
from sessions_app.errors import NothingToRefund, WrongRefund
from sessions_app.models import AddressChange, CheckoutSession, Refund
from sessions_app.owed.letters import Owed, owe
from sessions_app.refunding.refundable import arrived, waiting_for_address
from sessions_app.state.representation import page_url
from sessions_app.status import LetterKind

AGAIN_AFTER = timedelta(hours=1)
# Letters at once in 24 hours. Whoever opened the page by a link typed the mailbox; in test mode not even money stands
# behind it, and a business's products are named in its own words: without a bound this were a relay to anybody.
TO_ONE_MAILBOX = 6
OF_ONE_BUSINESS = 200
OF_ONE_BUSINESS_IN_TEST = 20
_ACTION = "refund.address_asked"


class NotMailed(Conflict):
    """The buyer was asked a moment ago, or the mail server did not take the letter."""

    code = "not_mailed"


def refund_page_url(session: CheckoutSession) -> str:
    """Where the buyer leaves an address."""
    return f"{page_url(session)}/refund"


def ask_by_mail(session: CheckoutSession, *, actor: str, now: datetime) -> None:
    """Asks where a refund shall go, at most once an hour and not too often; the link's page asks only that.

    The merchant says when. Raises `NothingToRefund`, `NotMailed`.
    """
    if not arrived(session) and not waiting_for_address(session):
        raise NothingToRefund("Of what arrived, nothing can go back: the page would have nothing to ask.")
    if is_erased(session):
        raise NotMailed("The buyer was erased: there is no address to write to.")
    if not session.email:
        raise NotMailed("No e-mail address of this buyer is known: send the link another way.")
    asked = AuditEntry.objects.filter(merchant=session.merchant, action=_ACTION, subject=session.public_id)
    if asked.filter(created_at__gt=now - AGAIN_AFTER).exists():
        raise NotMailed("The buyer was asked within the last hour: give them time to answer.")
    if is_written_to_often(session, now=now):
        raise NotMailed("This buyer, or all of yours, were written to very often today. Send the link another way.")
    posted = _mail(
        session,
        "refund_address",
        amount=to_minor_unit(session.amount, session.currency),
        link=refund_page_url(session),
    )
    if posted == Posted.REFUSED:
        raise NotMailed(f"The mail server refuses to deliver to {session.email}. Send the link another way.")
    if posted != Posted.SENT:
        raise NotMailed("The mail server does not take letters now. Try again later, or send the link another way.")
    record(merchant=session.merchant, mode=session.mode, actor=actor, action=_ACTION, subject=session.public_id)


def ask_by_letter(refund: Refund, *, actor: str, now: datetime) -> None:
    """Owes the buyer the same question where nobody has said; all else is told once the chain shows it.

    In test mode nobody but the business's own people gets it (`owed/letters.py`).

    Raises `WrongRefund` when there is nobody to write to.
    """
    session = refund.session
    if is_erased(session) or not session.email:
        raise WrongRefund("There is no e-mail address of the buyer to write to.", attr="notifyBuyer")
    asked = Owed(session=session, kind=LetterKind.REFUND_WHERE, about=refund.public_id, is_asked=True)
    if not refund.to_address and owe([asked], now=now):
        record(merchant=session.merchant, mode=session.mode, actor=actor, action=_ACTION, subject=session.public_id)


def is_written_to_often(session: CheckoutSession, *, now: datetime, but_for: AddressChange | None = None) -> bool:
    """Whether the buyer's mailbox, or all buyers of the business, got enough within a day (not counting `but_for`).

    Counted without a lock: of many that are asked for at the same moment, a few more may leave.
    """
    day = now - timedelta(days=1)
    codes = AddressChange.objects.filter(
        session__merchant=session.merchant_id, session__mode=session.mode, asked_at__gt=day
    ).exclude(pk=but_for.pk if but_for else 0)
    asked = AuditEntry.objects.filter(
        merchant=session.merchant_id, mode=session.mode, action=_ACTION, created_at__gt=day
    )
    most = OF_ONE_BUSINESS_IN_TEST if session.mode == Mode.TEST else OF_ONE_BUSINESS
    if codes.count() + asked.count() >= most:
        return True
    theirs = CheckoutSession.objects.filter(customer=session.customer_id)
    to_it = codes.filter(session__customer=session.customer_id).count()
    return to_it + asked.filter(subject__in=theirs.values("public_id")).count() >= TO_ONE_MAILBOX


def mail_code(session: CheckoutSession, change: AddressChange, code: str, *, minutes: int) -> None:
    """The code that proves another address, which holds so many minutes. Raises `NotMailed`."""
    if not session.email:
        raise NotMailed(
            gettext("Another address is proven by a letter, and the shop knows no e-mail address of yours: ask it.")
        )
    link = f"{refund_page_url(session)}?change={change.public_id}"
    is_enough = is_written_to_often(session, now=change.asked_at, but_for=change)
    context = {"change": change, "code": code, "minutes": minutes, "link": link}
    if is_enough or _mail(session, "refund_code", **context) != Posted.SENT:
        raise NotMailed(gettext("The code could not be mailed, so the address stays as it is. Try again later."))


def _mail(session: CheckoutSession, template: str, **context: Any) -> Posted:
    return mail_at_once(
        to=session.email,
        template=template,
        merchant=session.merchant,
        session=session,
        is_test=session.mode == Mode.TEST,
        **context,
    )
