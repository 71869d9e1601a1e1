"""How accounts come to be: by invitation or by the operator; a public form only if the operator opens it."""

from django.conf import settings
from django.http import HttpRequest

from merchants_app.sign_in_limits import LimitsByCaller


class AccountAdapter(LimitsByCaller):
    """allauth's rules with sign-up closed by default (`OPEN_SIGNUP=1` opens it)."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Whether a stranger may make an account here."""
        return bool(settings.OPEN_SIGNUP)
