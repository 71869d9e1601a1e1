"""Letters to a merchant's people. They leave after the commit, and a mail server that is away stops nothing."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from functools import partial
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connections, transaction
from django.template.loader import render_to_string

from common.email_addresses import why_unwritable
from common.mail_backends import NOWHERE
from common.measures.counted import LETTERS
from merchants_app.held import RELEASE, is_held
from merchants_app.models import Merchant, Role, User

_log = structlog.get_logger()
# From here on a mail server means no for good; below, "not now" (RFC 5321 §4.2.1). Greylisting says 450.
_FOR_GOOD = 500
_CLOSING = 421  # whatever it was told: it takes nothing more on this line
_POSTMAN = ThreadPoolExecutor(max_workers=2, thread_name_prefix="letters")


class Posted(IntEnum):
    """What became of a letter."""

    SENT = 0
    REFUSED = 1  # for good, this letter or its reader
    LATER = 2  # this letter not now
    AWAY = 3  # the mail server takes nothing now


def mail_owners(*, merchant: Merchant, template: str, **context: Any) -> None:
    """Writes to every owner. `templates/mail/<template>.txt`: its first line is the subject."""
    mail(to=owners_of(merchant), template=template, merchant=merchant, **context)


def mail_owners_at_once(*, merchant: Merchant, template: str, **context: Any) -> Posted:
    """The same, now. `SENT` when one of them has it: another try would send it to that one again."""
    subject, body = _letter(template, merchant=merchant, **context)
    found = [_send(address, subject, body) for address in owners_of(merchant)]
    return Posted.SENT if Posted.SENT in found else max(found, default=Posted.SENT)


def deliver(letter: EmailMessage) -> Posted:
    """A letter with all its parts, now."""
    posted = _deliver(letter)
    LETTERS.labels(posted.name.lower()).inc()
    return posted


def _deliver(letter: EmailMessage) -> Posted:
    if settings.EMAIL_BACKEND == NOWHERE:
        _log.warning("mail.not_sent", subject=letter.subject, reason="EMAIL_HOST names no mail server")
        return Posted.AWAY
    if is_held():
        _log.warning("mail.not_sent", subject=letter.subject, reason=f"this installation is held: {RELEASE}")
        return Posted.AWAY
    if why := why_unwritable(EmailMessage(to=letter.to)):  # what else is wrong with it is a fault of ours
        _log.warning("mail.not_sent", subject=letter.subject, reason=why)
        return Posted.REFUSED
    try:
        letter.send()
    except (OSError, SMTPException) as error:
        _log.warning("mail.not_sent", subject=letter.subject, reason=str(error))
        return _meaning(error)
    return Posted.SENT


def mail_at_once(*, to: str, template: str, **context: Any) -> Posted:
    """One letter to one address, now."""
    return _send(to, *_letter(template, **context))


def mail(*, to: Iterable[str], template: str, **context: Any) -> None:
    """One letter to each address, none seeing the others, once the transaction around it has been committed."""
    subject, body = _letter(template, **context)
    for address in dict.fromkeys(to):
        post(to=address, subject=subject, body=body)


def post(*, to: str, subject: str, body: str) -> None:
    """A letter that is written already, once the transaction around it has been committed."""
    transaction.on_commit(partial(_send, to, subject, body))


def post_aside(*, to: str, subject: str, body: str) -> None:
    """The same, while the caller goes on: how long an answer takes does not tell whether there was a letter."""
    transaction.on_commit(partial(aside, partial(_send, to, subject, body)))


def aside(act: Callable[[], object]) -> None:
    """In a thread of its own, which a process that ends waits for as long as it is let."""
    _POSTMAN.submit(_to_the_end, act)


def _to_the_end(act: Callable[[], object]) -> None:
    try:
        act()
    except Exception:  # noqa: BLE001  (nobody waits for what becomes of it)
        _log.exception("mail.broke")
    finally:
        connections.close_all()


def owners_of(merchant: Merchant) -> list[str]:
    """The addresses of everybody who owns the business and may sign in."""
    owners = User.objects.filter(memberships__merchant=merchant, memberships__role=Role.OWNER, is_active=True)
    return list(owners.order_by("id").values_list("email", flat=True))


def _letter(template: str, **context: Any) -> tuple[str, str]:
    text = render_to_string(f"mail/{template}.txt", {"site": settings.PUBLIC_URL, **context})
    subject, _, body = text.strip().partition("\n")
    return " ".join(subject.split()), body.strip() + "\n"


def _send(address: str, subject: str, body: str) -> Posted:
    return deliver(EmailMessage(subject, body, None, [address]))


def _meaning(error: Exception) -> Posted:
    if isinstance(error, SMTPRecipientsRefused):
        code = min(code for code, _ in error.recipients.values())
    elif isinstance(error, SMTPDataError):
        code = error.smtp_code
    else:
        return Posted.AWAY
    if code == _CLOSING:
        return Posted.AWAY
    return Posted.REFUSED if code >= _FOR_GOOD else Posted.LATER
