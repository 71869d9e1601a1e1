"""Wrong passwords slow whoever guesses, not whose account it is: they are counted by caller, and by caller and account.

allauth counts an account's wrong passwords wherever they come from, so anybody who knows an e-mail address could keep
its owner out. Codes of a second factor stay counted by account alone: whoever gets that far knows the password.
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from common.email_addresses import folded
from common.network.client_address import address_of, counted_address_of
from merchants_app.people.invitations import owner_of_address

# For a caller without an address: through a Unix socket, from this very machine.
_NO_ADDRESS = "::"


class LimitsByCaller(DefaultAccountAdapter):
    """The part of the account adapter that says who is calling and what is counted for whom."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Counts every limit of allauth's, and stands in its letters and lists of devices."""
        return address_of(request) or _NO_ADDRESS

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts an attempt. Raises ValidationError when this caller has guessed too often at this account.

        Guesses at a former password count no more: whoever made a new one is let in with it at once.
        """
        login = folded(str(credentials.get("email") or credentials.get("username") or ""))
        account = owner_of_address(login)
        password = account.get_session_auth_hash() if account else ""
        counted = f"{counted_address_of(request)} {login} {password}"
        super().pre_authenticate(request, **credentials | {"email": counted})
