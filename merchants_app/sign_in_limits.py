"""Wrong passwords slow whoever guesses, not whose account it is: they are counted by caller, and by caller and account.

allauth counts an account's wrong passwords wherever they come from, so anybody who knows an e-mail address could keep
its owner out. Codes of a second factor stay counted by account alone: whoever gets that far knows the password.
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest

from common.client_address import address_of, counted_address_of

# For a caller without an address: through a Unix socket, from this very machine.
_NO_ADDRESS = "::"


class LimitsByCaller(DefaultAccountAdapter):
    """The part of the account adapter that says who is calling and what is counted for whom."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Counts every limit of allauth's, and stands in its letters and lists of devices."""
        return address_of(request) or _NO_ADDRESS

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts an attempt. Raises ValidationError when this caller has guessed too often at this account."""
        login = credentials.get("email") or credentials.get("username") or ""
        super().pre_authenticate(request, **credentials | {"email": _counted_login(request, login)})

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Sets it; whoever could is let in with it at once, however often they had guessed at the old one."""
        super().set_password(user, password)
        for email in EmailAddress.objects.filter(user=user).values_list("email", flat=True):
            key = f"{get_current_site(self.request).domain}:{_counted_login(self.request, email)}"
            ratelimit.clear(self.request, action="login_failed", key=key)


def _counted_login(request: HttpRequest, login: str) -> str:
    return f"{counted_address_of(request)} {login.lower()}"
