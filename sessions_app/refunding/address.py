"""Where a buyer wants a refund. The first address is free; another one is proven by a code from the buyer's mailbox.

The address of the buyer's page is a secret, but one that lies in histories and letters: it alone must not turn money
away from where the buyer wanted it.
"""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext, ngettext

from common.errors import Conflict, DomainError
from common.modes import Mode
from merchants_app.audit import record
from merchants_app.mail.mails import mail_owners
from sessions_app.models import AddressChange, CheckoutSession
from sessions_app.models.address_change import TRIES
from sessions_app.owed.letters import Owed, owe
from sessions_app.paying.refund_states import address_left
from sessions_app.refunding.mails import NotMailed
from sessions_app.refunding.where import checked_refund_address
from sessions_app.state.lifecycle import News, lock, reassess
from sessions_app.status import LetterKind, RefundStatus

CODE_HOLDS = timedelta(minutes=10)
# How many codes are mailed for a session: with five tries each, a guesser's chance is one in 30,000 a day.
_LETTERS = ((timedelta(hours=1), 3), (timedelta(days=1), 6))
_BUYER = "buyer's page"


class AddressStands(Conflict):
    """A refund has an address already: another one needs a code."""

    code = "address_stands"


class WrongCode(DomainError):
    """That is not what was mailed."""

    code = "wrong_code"


class CodeOver(Conflict):
    """The code is too old, was tried too often, or is about an address that was replaced meanwhile."""

    code = "code_over"


def leave_address(session: CheckoutSession, address: str) -> CheckoutSession:
    """Keeps where the buyer wants a refund. Raises `WrongRefund`, and `AddressStands` when another one is there."""
    checked = checked_refund_address(session, address)
    if checked != session.refund_address:
        if _is_open_to_all(session):
            raise AddressStands("The address of this page is no secret: the first address needs a code, too.")
        with transaction.atomic():
            _replace(session, "", checked)
    session.refund_address = checked
    return session


def begin_change(session: CheckoutSession, address: str, *, now: datetime) -> AddressChange:
    """Another address that waits for its code. Raises `NotMailed` when codes enough were asked for."""
    with transaction.atomic():
        former = lock(session.pk).refund_address  # two at once are counted one after the other
        for within, most in _LETTERS:
            if session.address_changes.filter(asked_at__gt=now - within).count() >= most:
                raise NotMailed(
                    gettext("Several codes were mailed a moment ago. Use the last one, or try again in an hour.")
                )
        return AddressChange.objects.create(session=session, former=former, address=address, asked_at=now)


def new_code() -> str:
    """Six digits that nobody guesses."""
    return f"{secrets.randbelow(1_000_000):06}"


def keep_code(change: AddressChange, code: str) -> None:
    """From now on the code proves it, for `CODE_HOLDS` since it was asked for."""
    AddressChange.objects.filter(pk=change.pk).update(code_digest=_digest(change, code))


def confirm_change(session: CheckoutSession, change_id: str, code: str, *, now: datetime) -> None:
    """The buyer typed the code. Raises `WrongCode`, or `CodeOver` when none would be right any more."""
    mine = AddressChange.objects.filter(session=session, public_id=change_id)
    holding = mine.filter(asked_at__gt=now - CODE_HOLDS, tries__lt=TRIES).exclude(code_digest="")
    # Counted before it is looked at, and for good: many at once get no more tries than one after the other.
    if not holding.update(tries=F("tries") + 1):
        if _is_taken(mine):
            return  # the button was pressed twice
        raise CodeOver(gettext("This code no longer holds. Ask for a new one."))
    change = mine.get()
    if not constant_time_compare(change.code_digest, _digest(change, "".join(code.split()))):
        raise WrongCode(_wrong_code(left=TRIES - change.tries), attr="code")
    with transaction.atomic():
        try:
            _replace(session, change.former, change.address)
        except AddressStands:
            if _is_taken(mine):
                return
            raise CodeOver(
                gettext("The address was changed in another way meanwhile. Look at it, and ask again.")
            ) from None
        AddressChange.objects.filter(pk=change.pk).update(taken_at=now, code_digest="")
        if change.former:
            _tell_merchant(session, change, now)
    session.refund_address = change.address


def change_of(session: CheckoutSession, change_id: str) -> AddressChange | None:
    """The change that waits for its code; None when there is no such one of this session, or it is done."""
    return AddressChange.objects.filter(session=session, public_id=change_id, taken_at=None).first()


def latest_change(session: CheckoutSession) -> AddressChange | None:
    """The last time that the buyer replaced an address by another; None when the first one stands."""
    return session.address_changes.filter(taken_at__isnull=False).exclude(former="").order_by("-taken_at").first()


def _wrong_code(*, left: int) -> str:
    if not left:
        return gettext("That is not the code. No try is left: ask for a new code.")
    words = ngettext(
        "That is not the code. %(count)s try is left.", "That is not the code. %(count)s tries are left.", left
    )
    return words % {"count": left}


def _is_taken(mine: QuerySet[AddressChange]) -> bool:
    return mine.filter(taken_at__isnull=False).exists()


def _replace(session: CheckoutSession, former: str, address: str) -> None:
    """Writes the address if the former one still stands. Raises `AddressStands`."""
    kept = CheckoutSession.objects.filter(pk=session.pk, refund_address=former).update(refund_address=address)
    if not kept:
        raise AddressStands("An address was left already: another one needs a code.")
    record(merchant=session.merchant, mode=session.mode, actor=_BUYER, action="refund.address",
           subject=session.public_id, before=former, to=address)  # fmt: skip
    now = timezone.now()
    address_left(session.pk)
    owe([Owed(session=session, kind=LetterKind.REFUND_ADDRESS)], now=now)


def _tell_merchant(session: CheckoutSession, change: AddressChange, now: datetime) -> None:
    reason = f"Another refund address, proven by a code: {change.address}, before {change.former}."
    reassess(session.pk, News(reason=reason, actor=_BUYER, noted=True), now=now)
    mail_owners(
        merchant=session.merchant,
        template="refund_address_changed",
        session=session,
        change=change,
        is_prepared=session.refunds.filter(to_address=change.former, status=RefundStatus.PREPARED).exists(),
        is_test=session.mode == Mode.TEST,
    )


def _is_open_to_all(session: CheckoutSession) -> bool:
    """It is older than pages' own addresses: its page's is its id, which the shop's thank-you page shows."""
    return session.page_token == session.public_id


def _digest(change: AddressChange, code: str) -> str:
    return salted_hmac("sessions_app.refunding.address", f"{change.public_id}:{code}", algorithm="sha256").hexdigest()
