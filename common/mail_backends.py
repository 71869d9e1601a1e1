"""How letters leave, when `EMAIL_BACKEND` does not say it."""

SMTP = "django.core.mail.backends.smtp.EmailBackend"
CONSOLE = "django.core.mail.backends.console.EmailBackend"
NOWHERE = "django.core.mail.backends.dummy.EmailBackend"


def mail_backend(*, host: str, debug: bool) -> str:
    """By the mail server that is named. Without one they are shown while developing, and nowhere in production.

    There a link that resets a password must not lie in the logs; `check --deploy` says that letters are missing.
    """
    return SMTP if host else CONSOLE if debug else NOWHERE
