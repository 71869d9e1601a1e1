"""Sessions that somebody makes in the dashboard: an invoice for one buyer, without a shop behind it."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from merchants_app.audit import record
from merchants_app.mail.mails import post
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.selling.creation import SessionTerms, create_session
from sessions_app.selling.payment_links import change_link, create_link

# Where buyers of such a session "go back to": there is no shop's page, so theirs is the payment's own.
NO_SHOP = f"{settings.PUBLIC_URL}/"


def leads_to_a_shop(session: CheckoutSession) -> bool:
    """Whether there is a page that the buyer goes on to: not by a payment link that names none, nor by hand."""
    if session.success_url == NO_SHOP:
        return False
    return session.payment_link_id is None or session.success_url != session.cancel_url


@transaction.atomic
def sell(*, merchant: Merchant, mode: str, terms: SessionTerms, actor: str, writes: bool) -> CheckoutSession:
    """A session on these terms, with its audit line; `writes`: the buyer, whose address is known, gets a letter.

    An open session of the same order on the same terms is the one (`create_session`, which also says what is raised).
    """
    session = create_session(merchant=merchant, mode=mode, terms=terms, actor=actor)
    record(merchant=merchant, mode=mode, actor=actor, action="session.created", subject=session.public_id)
    if writes and session.email:
        write_to_buyer(session)
    return session


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


def write_to_buyer(session: CheckoutSession) -> None:
    """The letter with the link, once the transaction around it has been committed; in the session's language."""
    with translation.override(session.language):
        text = render_to_string("mail/asked_to_pay.txt", {"session": session, "site": settings.PUBLIC_URL})
    subject, _, body = text.strip().partition("\n")
    post(to=session.email, subject=" ".join(subject.split()), body=body.strip() + "\n")


def _note(link: PaymentLink, *, actor: str, action: str, **detail: Any) -> None:
    record(
        merchant=link.merchant, mode=link.mode, actor=actor, action=action, subject=link.public_id,
        product=link.product_name, **detail,
    )  # fmt: skip
