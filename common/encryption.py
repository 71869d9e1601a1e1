"""Secrets at rest: encrypted with the first of `ENCRYPTION_KEYS`, readable with any, so that keys can rotate."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(secret: str) -> str:
    """The secret as a token for the database."""
    return _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(secret.encode()).decode()


def decrypt(token: str) -> str:
    """The secret again. Raises `cryptography.fernet.InvalidToken` when no key of today made this token."""
    return _cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(token.encode()).decode()


def is_by_first_key(token: str) -> bool:
    """Whether the key that encrypts today made this token."""
    try:
        Fernet(settings.ENCRYPTION_KEYS[0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def reencrypted(token: str) -> str:
    """The same secret by the first key. Raises `InvalidToken` as `decrypt` does."""
    return _cipher(tuple(settings.ENCRYPTION_KEYS)).rotate(token.encode()).decode()


def is_encrypted(text: str) -> bool:
    """Whether the text has the shape of such a token (version 0x80 and a time whose first bytes are zero, in base64).

    For columns that held secrets in clear before: it says so without any key, so that nothing is encrypted twice.
    """
    return text.startswith("gAAAAA")
