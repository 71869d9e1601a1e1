"""How e-mail addresses are spelled, and which of them a letter can be written to."""

from email.errors import MessageError

from django import forms
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import EmailValidator


def folded(address: str) -> str:
    """Of somebody who signs in, as it is stored and looked for: one person is not two because of a capital letter."""
    return address.strip().lower()


def why_unwritable(letter: EmailMessage) -> str:
    """Why Django cannot write this letter; empty: it can."""
    try:
        letter.message()
    except (ValueError, MessageError) as error:
        return str(error) or type(error).__name__
    return ""


def refuse_unwritable(address: str) -> None:
    """Raises ValidationError for what looks like an address but fits no letter: letters beyond ASCII make a part too
    long for its place there.
    """
    if not address.isascii() and why_unwritable(EmailMessage(to=[address])):
        raise ValidationError(EmailValidator.message, code="invalid")


class MailboxField(forms.EmailField):
    """An address that a letter can be written to."""

    default_validators = [*forms.EmailField.default_validators, refuse_unwritable]
