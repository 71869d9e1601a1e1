"""Whom a buyer with a question turns to, from pages and letters alike: their letter names the order by itself."""

from dataclasses import dataclass
from urllib.parse import quote

from django.utils.translation import get_language

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.sentences import Sentence, linked


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """A shop's, about one order, or about none."""

    email: str  # empty: it names none
    mail_link: str  # begins a letter to it, with the order's number as its subject
    url: str  # with the order's number filled in; empty: it has no such page

    @property
    def linked_email(self) -> Sentence:
        """For sentences."""
        return linked(self.email, self.mail_link)


def support_of(merchant: Merchant, *, number: str = "") -> Support:
    """`number` is what the shop knows the order by. The page for questions is that of the language in force."""
    email, named = merchant.support_email, quote(number, safe="")
    mail_link = f"mailto:{quote(email, safe='@')}" + (f"?subject={named}" if number else "")
    return Support(
        email=email,
        mail_link=mail_link if email else "",
        url=merchant.word("support_url", language=get_language() or "").replace("{reference}", named),
    )


def support_for(session: CheckoutSession) -> Support:
    """About this order: by the shop's own reference, or the payment's number where it gave none."""
    return support_of(session.merchant, number=session.reference or session.public_id)
