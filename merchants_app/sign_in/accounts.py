"""How accounts come to be and what is written to them: allauth's rules, with our addresses, words and letters."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from typing_extensions import override

from common.email_addresses import folded, refuse_unwritable
from merchants_app.businesses.founding import open_to_all
from merchants_app.mail.mails import post, post_aside
from merchants_app.mail.notices import tell_of_account
from merchants_app.models import User
from merchants_app.sign_in.limits import LimitsByCaller

# The one letter that only known addresses get.
_NEW_PASSWORD = "account/email/password_reset_key"  # noqa: S105  (a template)


class AccountAdapter(LimitsByCaller):
    """Sign-up is closed unless `OPEN_SIGNUP=1`; an address counts once its letter was opened.

    Every link begins with `PUBLIC_URL`: a request's Host is whatever its sender likes.
    """

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether a stranger may make an account here. Invited people have a page of their own."""
        return open_to_all()

    @override
    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """The link that proves an address."""
        return _public(super().get_email_confirmation_url(request, emailconfirmation))

    @override
    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link that replaces a forgotten password."""
        return _public(super().get_reset_password_from_key_url(key))

    @override
    def clean_email(self, email: str) -> str:
        """Of every form that asks for an address. Raises ValidationError."""
        refuse_unwritable(email)
        return str(super().clean_email(email))

    @override
    def format_email_subject(self, subject: str) -> str:
        """As the template has it, without the name of a site."""
        return subject

    @override
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """By the way of all our letters, so that a mail server that is away stops nobody."""
        letter = self.render_mail(template_prefix, email, {"email": email, "site": settings.PUBLIC_URL, **context})
        send = post_aside if template_prefix == _NEW_PASSWORD else post
        send(to=email, subject=letter.subject, body=f"{letter.body}\n")

    @override
    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """The letter was opened. The address becomes the account's only one, and the former ones are written to.

        False, with a sentence, when it has become another account's meanwhile.
        """
        user = email_address.user
        assert isinstance(user, User)
        if User.objects.filter(email=email_address.email).exclude(pk=user.pk).exists():
            messages.error(request, f"{email_address.email} belongs to another account. Choose another address.")
            return False
        former = list(
            EmailAddress.objects.filter(user=user, verified=True)
            .exclude(pk=email_address.pk)
            .values_list("email", flat=True)
        )
        confirmed: bool = super().confirm_email(request, email_address)
        if confirmed and former:
            user.refresh_from_db()
            what = f"has another e-mail address: {user.email} instead of {', '.join(former)}"
            tell_of_account(user=user, what=what, action="account.email_changed", former=former)
        return confirmed

    @override
    def send_notification_mail(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing: `changes` writes what changed, and to the owners too."""


def _public(url: str) -> str:
    """The same page where the settings say that we are."""
    return f"{settings.PUBLIC_URL}{urlsplit(url).path}"


def is_account_of(user: AbstractBaseUser, email: str) -> bool:
    """Whether a forgotten password may be replaced by a letter to this address.

    Yes when it is proven to be theirs; and when the account has proven none so far and bears this name: opening that
    letter is the proof then. Never to an address that somebody merely typed in.
    """
    own = EmailAddress.objects.filter(user_id=user.pk, verified=True)
    return own.filter(email=folded(email)).exists() or (
        not own.exists() and isinstance(user, User) and user.email == folded(email)
    )
