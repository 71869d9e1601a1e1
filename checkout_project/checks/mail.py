"""`manage.py check --deploy`: letters must go somewhere."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from common.mail_backends import CONSOLE, NOWHERE

NO_MAIL = "checkout_project.E001"
# Nobody gets what these take.
_NO_SERVER = {
    CONSOLE,
    NOWHERE,
    "django.core.mail.backends.filebased.EmailBackend",
    "django.core.mail.backends.locmem.EmailBackend",
}


def letters_go_somewhere(**_more: Any) -> list[CheckMessage]:
    """An error when confirmations, invitations, forgotten passwords and alarms reach nobody."""
    if settings.EMAIL_BACKEND not in _NO_SERVER:
        return []
    return [
        Error(
            f"Letters go nowhere (EMAIL_BACKEND is {settings.EMAIL_BACKEND}): nobody can be invited, confirm an "
            "address or replace a forgotten password, and alarms reach no one.",
            hint="Set EMAIL_HOST to your mail server; see docs/configuration.md.",
            id=NO_MAIL,
        )
    ]
