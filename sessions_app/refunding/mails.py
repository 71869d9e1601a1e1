"""How often a buyer is written to about a refund: where shall it go, and the code for another address.

Both letters leave at once (`letters/at_once.py`); the one that goes with a prepared refund is owed like all others.
"""

from datetime import datetime, timedelta

from common.errors import Conflict
from common.modes import Mode
from merchants_app.audit import record
from merchants_app.models import AuditEntry
from sessions_app.buyers.forgetting import can_be_written_to, is_erased
from sessions_app.errors import NothingToRefund, WrongRefund
from sessions_app.models import AddressChange, CheckoutSession, Refund
from sessions_app.owed.letters import Owed, owe
from sessions_app.refunding.refundable import arrived, waiting_for_address
from sessions_app.state.representation import page_url
from sessions_app.status import LetterKind

AGAIN_AFTER = timedelta(hours=1)
_DAY = timedelta(days=1)
# Letters at once in 24 hours; what the business asks, codes of its links' buyers and codes of its own sessions' buyers
# each by itself, so that none uses up another's; without a lock, so of many at the same moment a few more may leave.
# Whoever opened the page by a link typed the mailbox; in test mode not even money stands behind it, and a business's
# products are named in its own words: without a bound this were a relay to anybody.
TO_ONE_MAILBOX = 6
OF_ONE_BUSINESS = 200
OF_ONE_BUSINESS_IN_TEST = 20
_ASKED = "refund.address_asked"
_ASKED_WHEN_PREPARED = "refund.address_asked_when_prepared"  # which nobody's click sends again and again


class NotMailed(Conflict):
    """The buyer was asked a moment ago, or the mail server did not take the letter."""

    code = "not_mailed"


def refund_page_url(session: CheckoutSession) -> str:
    """Where the buyer leaves an address."""
    return f"{page_url(session)}/refund"


def refuse_to_ask(session: CheckoutSession, *, now: datetime) -> None:
    """Raises `NothingToRefund`, or `NotMailed` for who cannot be asked, was a moment ago, or was often enough."""
    if not arrived(session) and not waiting_for_address(session):
        raise NothingToRefund("Of what arrived, nothing can go back: the page would have nothing to ask.")
    if is_erased(session):
        raise NotMailed("The buyer was erased: there is no address to write to.")
    if not session.email:
        raise NotMailed("No e-mail address of this buyer is known: send the link another way.")
    asked = AuditEntry.objects.filter(merchant=session.merchant, subject=session.public_id)
    if asked.filter(action__in=[_ASKED, _ASKED_WHEN_PREPARED], created_at__gt=now - AGAIN_AFTER).exists():
        raise NotMailed("The buyer was asked within the last hour: give them time to answer.")
    if _are_asked_often(session, now=now):
        raise NotMailed("This buyer, or all of yours, were written to very often today. Send the link another way.")


def note_asked(session: CheckoutSession, *, actor: str) -> None:
    """The buyer was asked by mail."""
    record(merchant=session.merchant, mode=session.mode, actor=actor, action=_ASKED, subject=session.public_id)


def ask_by_letter(refund: Refund, *, actor: str, now: datetime) -> None:
    """Owes the buyer the same question where nobody has said; all else is told once the chain shows it.

    In test mode nobody but the business's own people gets it (`owed/letters.py`).

    Raises `WrongRefund` when there is nobody to write to.
    """
    session = refund.session
    if not can_be_written_to(session):
        raise WrongRefund("There is no e-mail address of the buyer to write to.", attr="notifyBuyer")
    asked = Owed(session=session, kind=LetterKind.REFUND_WHERE, about=refund.public_id, is_asked=True)
    if not refund.to_address and owe([asked], now=now):
        record(merchant=session.merchant, mode=session.mode, actor=actor, action=_ASKED_WHEN_PREPARED,
               subject=session.public_id)  # fmt: skip


def _are_asked_often(session: CheckoutSession, *, now: datetime) -> bool:
    """Whether the business asked this mailbox, or all its buyers, often enough within a day."""
    asked = AuditEntry.objects.filter(
        merchant=session.merchant_id, mode=session.mode, action=_ASKED, created_at__gt=now - _DAY
    )
    theirs = CheckoutSession.objects.filter(customer=session.customer_id)
    to_it = asked.filter(subject__in=theirs.values("public_id"))
    return to_it.count() >= TO_ONE_MAILBOX or asked.count() >= _most_of_one_business(session)


def are_many_codes_out(change: AddressChange) -> bool:
    """Whether this mailbox, or all buyers, got codes enough within the day before this one.

    Live buyers of sessions that the shop made itself are not counted together: no stranger may keep them from theirs.
    """
    session = change.session
    is_by_link = session.payment_link_id is not None
    codes = AddressChange.objects.filter(
        session__merchant=session.merchant_id,
        session__mode=session.mode,
        session__payment_link__isnull=not is_by_link,
        asked_at__gt=change.asked_at - _DAY,
    ).exclude(pk=change.pk)
    if codes.filter(session__customer=session.customer_id).count() >= TO_ONE_MAILBOX:
        return True
    is_counted = is_by_link or session.mode == Mode.TEST
    return is_counted and codes.count() >= _most_of_one_business(session)


def _most_of_one_business(session: CheckoutSession) -> int:
    return OF_ONE_BUSINESS_IN_TEST if session.mode == Mode.TEST else OF_ONE_BUSINESS
