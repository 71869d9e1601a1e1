"""allauth's second factors in our way: secrets encrypted at rest, passkeys bound to PUBLIC_URL, never to a header."""

from urllib.parse import urlsplit

import segno
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError

from common.encryption import decrypt, encrypt, is_encrypted
from merchants_app.sign_in.devices import browser_name


class SecretLost(ValidationError):
    """No key of today reads the secret: a form shows the sentence, a page shows nothing in its place."""

    silent_variable_failure = True  # what Django's templates ask of an error that they may pass over


class FactorAdapter(DefaultMFAAdapter):
    """Hooks of allauth.mfa."""

    def encrypt(self, text: str) -> str:
        """TOTP secrets and the seeds of recovery codes, as the database keeps them."""
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again. What a process of the version before wrote in clear while it was replaced still works."""
        if not is_encrypted(encrypted_text):
            return encrypted_text
        try:
            return decrypt(encrypted_text)
        except InvalidToken as error:
            raise SecretLost(
                "This server can no longer read your second factor (ENCRYPTION_KEYS lacks the key that it was kept "
                "with). Ask the operator to bring the key back, or to remove the factor."
            ) from error

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: ARG002
        """What a new passkey is called until its owner says otherwise: after the browser that makes it."""
        return browser_name(self.request.headers.get("User-Agent", ""))

    def build_totp_svg(self, url: str) -> str:
        """The QR code, by the library that draws all of ours."""
        return str(segno.make(url).svg_inline(border=2, light="#fff"))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the host of PUBLIC_URL: a forged Host header must not make or accept any."""
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": settings.MFA_TOTP_ISSUER}
