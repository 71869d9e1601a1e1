"""What follows when somebody removes a second factor of theirs at allauth's pages."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed
from django.dispatch import receiver
from django.http import HttpRequest

from merchants_app.models import User
from merchants_app.sign_in.devices import sign_out


@receiver(authenticator_removed, dispatch_uid="second_factor.removed")
def removed(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """The end of every other sign-in: one of them may be why the factor goes."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        sign_out(user, but=request.session.session_key)
