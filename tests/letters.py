"""What was written: letters of this test, as their readers find them."""

import re

from django.core import mail
from django.core.mail import EmailMessage


def letters_to(address: str) -> list[EmailMessage]:
    """All of them, oldest first."""
    return [letter for letter in mail.outbox if letter.to == [address]]


def link_in(letter: EmailMessage) -> str:
    """The path of the one link in a letter, which begins with PUBLIC_URL."""
    (link,) = re.findall(r"^http://127\.0\.0\.1:8000(/\S*)$", str(letter.body), re.MULTILINE)
    return str(link)


def last_link_to(address: str) -> str:
    """The link in the newest letter to the address."""
    return link_in(letters_to(address)[-1])
