"""A letter to a buyer as it leaves: HTML and text of the same sentences, in the buyer's language, from the shop."""

from collections.abc import Callable
from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from common.email_addresses import why_unwritable
from common.modes import Mode
from merchants_app.businesses.brand import colors_on
from sessions_app.letters.about import About
from sessions_app.letters.content import Content, content_of
from sessions_app.letters.support import support_for
from sessions_app.models import CheckoutSession

_LIGHT, _DARK = "#ffffff", "#171a20"


def write(about: About) -> EmailMultiAlternatives:
    """A letter that is owed, to be delivered."""
    letter = compose(about.session, lambda: content_of(about))
    letter.extra_headers["Message-ID"] = _message_id(about)
    return letter


def compose(session: CheckoutSession, says: Callable[[], Content]) -> EmailMultiAlternatives:
    """A letter to the session's buyer. `says` is asked in their language."""
    with translation.override(session.language):
        content = says()
        subject = " ".join(content.subject.split())
        context = {
            "content": content,
            "subject": subject,
            "merchant": session.merchant,
            "support": support_for(session),
            "is_test": session.mode == Mode.TEST,
            "light": colors_on(session.merchant.brand_color, surface=_LIGHT),
            "dark": colors_on(session.merchant.brand_color, surface=_DARK),
        }
        text, html = (render_to_string(f"mail/buyer.{kind}", context) for kind in ("txt", "html"))
    letter = EmailMultiAlternatives(
        subject=subject,
        body=text.strip() + "\n",
        from_email=_sender(session),
        to=[session.email],
        reply_to=_answers_to(session),
        headers={"Auto-Submitted": "auto-generated"},
    )
    letter.attach_alternative(html, "text/html")
    return letter


def _sender(session: CheckoutSession) -> str:
    """The installation's address, in the shop's name: the buyer knows only that."""
    return formataddr((" ".join(session.merchant.name.split()), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))


def _answers_to(session: CheckoutSession) -> list[str] | None:
    """The shop's address for questions. One that fits no letter must not cost the buyer all letters."""
    address = session.merchant.support_email
    return [address] if address and not why_unwritable(EmailMessage(reply_to=[address])) else None


def _message_id(about: About) -> str:
    """Always the same for the same letter: one that had to be sent twice after a crash is one in most mailboxes."""
    letter, host = about.letter, urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<{letter.kind}.{letter.round}.{letter.about or about.session.public_id}@{host}>"
