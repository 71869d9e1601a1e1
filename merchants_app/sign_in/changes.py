"""What allauth says has changed about how somebody signs in goes to them, to the owners and into the audit log.

Heard by its public signals, since its pages make these changes; connected by `apps.py`.
"""

from typing import Any

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from django.dispatch import receiver

from merchants_app.mail.notices import tell_of_account
from merchants_app.models import User

_FACTORS = {"totp": "an authenticator app", "webauthn": "a passkey or security key", "recovery_codes": "recovery codes"}


@receiver([account.password_changed, account.password_set])
def password_changed(user: User, **_more: Any) -> None:
    """By somebody who knew the former one."""
    tell_of_account(user=user, what="has another password", action="account.password_changed")


@receiver(account.password_reset)
def password_reset(user: User, **_more: Any) -> None:
    """By somebody who opened a letter."""
    if not EmailAddress.objects.filter(user=user, verified=True).exists():
        user.vouch_for_address()  # that letter went to the account's name: see `accounts.is_account_of`
    what = "has another password: the former one was forgotten, and replaced by a letter"
    tell_of_account(user=user, what=what, action="account.password_reset")


@receiver(account.email_removed)
def address_removed(user: User, email_address: EmailAddress, **_more: Any) -> None:
    """One that counted; a change that was called off is nobody's news."""
    if email_address.verified:
        what = f"can no longer be signed in to with {email_address.email}"
        tell_of_account(user=user, what=what, action="account.email_removed", former=[email_address.email])


@receiver(mfa.authenticator_added)
def factor_added(user: User, authenticator: Any, **_more: Any) -> None:
    """A second factor can be given from now on."""
    what = f"has {_FACTORS.get(authenticator.type, authenticator.type)} as second factor from now on"
    tell_of_account(user=user, what=what, action="account.factor_added")


@receiver(mfa.authenticator_removed)
def factor_removed(user: User, authenticator: Any, **_more: Any) -> None:
    """It counts no more."""
    what = f"has {_FACTORS.get(authenticator.type, authenticator.type)} as second factor no longer"
    tell_of_account(user=user, what=what, action="account.factor_removed")


@receiver(mfa.authenticator_reset)
def factor_renewed(user: User, authenticator: Any, **_more: Any) -> None:
    """The former ones count no more."""
    what = f"has new {_FACTORS.get(authenticator.type, authenticator.type).removeprefix('a ').removeprefix('an ')}"
    tell_of_account(user=user, what=what, action="account.factor_renewed")
