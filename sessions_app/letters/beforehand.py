"""The letter that asks a buyer to pay, before there is a session to be paid."""

from django.core.mail import EmailMessage

from merchants_app.models import Merchant
from sessions_app.letters.about import About
from sessions_app.letters.writing import write
from sessions_app.models import CheckoutSession, Letter
from sessions_app.selling.creation import SessionTerms
from sessions_app.status import LetterKind


def asked_to_pay(*, merchant: Merchant, mode: str, terms: SessionTerms) -> tuple[EmailMessage, str]:
    """As it would leave, with dots for the secret part of its link; and its language."""
    session = CheckoutSession(merchant=merchant, mode=mode, page_token="…", **terms.said())  # noqa: S106  (no secret)
    return write(About(letter=Letter(kind=LetterKind.ASKED_TO_PAY), session=session)), session.language
