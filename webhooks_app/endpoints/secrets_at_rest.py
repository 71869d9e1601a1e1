"""The signing secrets of an endpoint as the database keeps them: encrypted, several in one text where they rotate."""

from collections.abc import Sequence

from cryptography.fernet import InvalidToken

from common.encryption import decrypt, encrypt


def kept(secrets: Sequence[str]) -> str:
    """As text for the database."""
    return encrypt(" ".join(secrets)) if secrets else ""


def secrets_in(encrypted: str) -> list[str]:
    """The secrets again; none when no key of today can read them: one that is lost must not silence its successor."""
    try:
        return decrypt(encrypted).split() if encrypted else []
    except InvalidToken:
        return []
