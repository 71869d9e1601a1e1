"""Second factors for those who need one: operators, and members of a business that demands it."""

from allauth.mfa.models import Authenticator
from django.test import Client

from common.encryption import encrypt
from merchants_app.models import User
from tests.desk import PASSWORD

# RFC 6238's own key, in base32.
APP_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def give_factor(user: User) -> Authenticator:
    """An authenticator app for somebody: what operators must have, and members where the business demands it."""
    return Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt(APP_SECRET)})


def sign_in_operator(client: Client) -> User:
    """Signs an operator in who may open the admin."""
    user = User.objects.create_superuser("operator@example.com", PASSWORD)
    give_factor(user)
    client.force_login(user)
    return user
