"""Forms of allauth's pages where an address that nobody has proven must not count (`ACCOUNT_FORMS`)."""

from allauth.account.forms import ResetPasswordForm, SignupForm
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from typing_extensions import override

from merchants_app.models import User
from merchants_app.people.invitations import owner_of_address
from merchants_app.sign_in.accounts import is_account_of


class ProvenResetPasswordForm(ResetPasswordForm):  # type: ignore[misc]  # allauth leaves it untyped
    """A forgotten password."""

    users: list[User]

    @override
    def clean_email(self) -> str:
        """Keeps the accounts that the address is known to belong to; the page says the same for none."""
        email: str = super().clean_email()
        self.users = [user for user in self.users if is_account_of(user, email)]
        return email


class ProvenSignupForm(SignupForm):  # type: ignore[misc]
    """A new account."""

    @override
    def validate_unique_email(self, value: str) -> str:
        """Somebody who merely claims an address must not keep its owner from signing up.

        For one that is known the page says what it says to all, and a letter tells its owner.
        """
        self.account_already_exists = owner_of_address(value) is not None
        return value

    @override
    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """What takes long, the password's hash, is made for a known address too: time tells nothing either."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return saved
