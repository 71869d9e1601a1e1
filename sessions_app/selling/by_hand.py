"""Sessions that somebody makes in the dashboard: an invoice for one buyer, without a shop behind it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common.mail_backends import NOWHERE
from merchants_app.audit import record
from merchants_app.businesses.limits import letters_a_day
from merchants_app.models import AuditEntry, Merchant
from sessions_app.models import CheckoutSession, Letter, PaymentLink
from sessions_app.owed.letters import Owed, owe
from sessions_app.selling.creation import SessionTerms, create_session
from sessions_app.selling.payment_links import change_link, create_link
from sessions_app.status import LetterKind

# Where buyers of such a session "go back to": there is no shop's page, so theirs is the payment's own.
NO_SHOP = f"{settings.PUBLIC_URL}/"
RECEIPT_SENT = "session.receipt_sent"  # in the audit log: somebody had the buyer sent the receipt


class LetterFate(StrEnum):
    """What becomes of a letter to the buyer that somebody asked for, as they are told."""

    NOT_WANTED = ""
    OWED = "A letter to the buyer is on its way."
    TOO_MANY = "No letter is sent, since as many as you may send were within a day: send the link yourself."
    ONLY_INSIDERS = "No letter is sent: in test mode only your own people get any."
    NO_SERVER = "No letter is sent, since this installation has no mail server: send the link yourself."


def leads_to_a_shop(session: CheckoutSession) -> bool:
    """Whether there is a page that the buyer goes on to: not by a payment link that names none, nor by hand."""
    if session.success_url == NO_SHOP:
        return False
    return session.payment_link_id is None or session.success_url != session.cancel_url


@transaction.atomic
def sell(
    *, merchant: Merchant, mode: str, terms: SessionTerms, actor: str, writes: bool
) -> tuple[CheckoutSession, LetterFate]:
    """A session on these terms, with its audit line; `writes`: the buyer, whose address is known, gets a letter.

    An open session of the same order on the same terms is the one (`create_session`, which also says what is raised).
    """
    session = create_session(merchant=merchant, mode=mode, terms=terms, actor=actor)
    record(merchant=merchant, mode=mode, actor=actor, action="session.created", subject=session.public_id)
    if not (writes and session.email):
        return session, LetterFate.NOT_WANTED
    return session, write_as_asked(session, LetterKind.ASKED_TO_PAY, now=timezone.now())


@transaction.atomic
def make_link(*, merchant: Merchant, mode: str, terms: Mapping[str, Any], actor: str) -> PaymentLink:
    """`create_link`, with its audit line."""
    link = create_link(merchant=merchant, mode=mode, terms=terms)
    _note(link, actor=actor, action="link.created")
    return link


@transaction.atomic
def alter_link(link: PaymentLink, terms: Mapping[str, Any], *, actor: str) -> None:
    """`change_link`, with an audit line from what to what."""
    before = {name: getattr(link, name) for name in terms}
    change_link(link, terms)
    changed = {name: f"{before[name]} → {value}" for name, value in terms.items() if before[name] != value}
    if changed:
        _note(link, actor=actor, action="link.changed", **changed)


def write_as_asked(session: CheckoutSession, kind: LetterKind, *, now: datetime, is_again: bool = False) -> LetterFate:
    """Owes the buyer a letter, once or once more, because a person says so: so many a day from a business.

    Call it in the transaction of what it tells, with its audit line.
    """
    if _asked_for(session.merchant, since=now - timedelta(days=1)) >= letters_a_day(session.merchant):
        return LetterFate.TOO_MANY
    if settings.EMAIL_BACKEND == NOWHERE:
        return LetterFate.NO_SERVER
    is_owed = owe([Owed(session=session, kind=kind, is_asked=True, is_again=is_again)], now=now)
    return LetterFate.OWED if is_owed else LetterFate.ONLY_INSIDERS


def _asked_for(merchant: Merchant, *, since: datetime) -> int:
    """Letters by somebody's word. Most receipts go by themselves: of these the log tells which were asked for."""
    links = Letter.objects.filter(kind=LetterKind.ASKED_TO_PAY, owed_at__gt=since, session__merchant=merchant)
    receipts = AuditEntry.objects.filter(merchant=merchant, action=RECEIPT_SENT, created_at__gt=since)
    return links.count() + receipts.count()


def _note(link: PaymentLink, *, actor: str, action: str, **detail: Any) -> None:
    record(
        merchant=link.merchant, mode=link.mode, actor=actor, action=action, subject=link.public_id,
        product=link.product_name, **detail,
    )  # fmt: skip
