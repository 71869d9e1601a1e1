"""Letters to a merchant's people. They leave after the commit, and a mail server that is away stops nothing."""

from functools import partial
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from merchants_app.models import Merchant, Role, User

_log = structlog.get_logger()


def mail_owners(*, merchant: Merchant, template: str, **context: Any) -> None:
    """Writes to every owner. `templates/mail/<template>.txt`: its first line is the subject."""
    owners = User.objects.filter(memberships__merchant=merchant, memberships__role=Role.OWNER, is_active=True).order_by(
        "id"
    )
    mail(to=[owner.email for owner in owners], template=template, merchant=merchant, **context)


def mail(*, to: list[str], template: str, **context: Any) -> None:
    """One letter to each address, none seeing the others, once the transaction around it has been committed."""
    text = render_to_string(f"mail/{template}.txt", {"site": settings.PUBLIC_URL, **context})
    subject, _, body = text.strip().partition("\n")
    for address in to:
        transaction.on_commit(partial(_send, address, " ".join(subject.split()), body.strip() + "\n"))


def _send(address: str, subject: str, body: str) -> None:
    try:
        send_mail(subject, body, None, [address])
    except (OSError, SMTPException) as error:
        _log.warning("mail.not_sent", subject=subject, reason=str(error))
