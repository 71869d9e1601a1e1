"""Writes Base58Check, for keys that no wallet would show."""

from hashlib import sha256

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58_check(payload: bytes) -> str:
    """The text of the bytes and their checksum."""
    data = payload + sha256(sha256(payload).digest()).digest()[:4]
    number, letters = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        letters = _ALPHABET[digit] + letters
    return _ALPHABET[0] * (len(data) - len(data.lstrip(b"\0"))) + letters
