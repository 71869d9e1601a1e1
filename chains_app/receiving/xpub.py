"""Plain addresses from an account's extended public key (BIP-32, BIP-44): the other way to receive without keys.

The merchant's wallet exports the xpub of an account, m/44'/60'/0'. It makes the account's addresses (0/index below it)
and can spend nothing. A text that could be a private key is refused before anything reads it; no message repeats it.
"""

import re
from functools import lru_cache
from hashlib import sha256
from typing import Final

from chains_app.receiving.bip32 import HARDENED, PAYLOAD_BYTES, ExtendedKey, payload_of

ACCOUNT_DEPTH: Final = 3
XPUB_LENGTH: Final = 111

_XPUB_VERSION = bytes.fromhex("0488b21e")
# Anywhere in the text: people paste what their wallet exports, with its label.
_EXTENDED_PRIVATE = re.compile(r"(^|\W)[a-z]prv", re.IGNORECASE)
_RAW_KEY = re.compile(
    r"(^|\W)((0x)?[0-9a-f]{64}|[59KLc][1-9A-HJ-NP-Za-km-z]{50,51}|6P[1-9A-HJ-NP-Za-km-z]{56})(\W|$)", re.IGNORECASE
)


class WrongXpub(ValueError):
    """A text is no account xpub; the message says why and never contains the text."""


class PrivateKeyRefused(WrongXpub):
    """Somebody pasted what looks like a private key or seed words. It must not be stored or logged."""

    def __init__(self) -> None:
        super().__init__(
            "This looks like a PRIVATE key or seed words. It was not stored. Whoever has it can take your money, and "
            "it has now left your wallet: move the money to a new one. What is asked for is the public key (xpub…)."
        )


def checked_xpub(text: str) -> str:
    """The account xpub, without surrounding space. Raises PrivateKeyRefused for anything private, else WrongXpub."""
    text = text.strip()
    refuse_private(text)
    if not text.startswith("xpub") or len(text) != XPUB_LENGTH:
        raise WrongXpub(f"An account's extended public key starts with xpub and has {XPUB_LENGTH} characters.")
    _account(text)
    return text


def xpub_address(*, xpub: str, index: int) -> str:
    """The checksummed address at 0/index of an account xpub, index from 0 to 2^31 - 1. Raises WrongXpub, ValueError."""
    if not 0 <= index < HARDENED:
        raise ValueError(f"An address index is 0 to {HARDENED - 1}.")
    return _receiving_chain(checked_xpub(xpub)).child(index).address()


def refuse_private(text: str) -> None:
    """Raises PrivateKeyRefused for what must not be kept anywhere, whatever was asked for."""
    if looks_private(text):
        raise PrivateKeyRefused


def looks_private(text: str) -> bool:
    """Extended private keys (in an xpub's clothes too), raw and WIF keys, and anything with the shape of seed words."""
    return bool(
        _EXTENDED_PRIVATE.search(text)
        or _RAW_KEY.search(text)
        or len(text.split()) > 2
        or _holds_private_key(text.strip())
    )


def account_fingerprint(xpub: str) -> str:
    """The same for all that make the same addresses: the parent key, which an xpub names too, has no say in it."""
    chain_code_and_key = payload_of(xpub)[13:]
    return sha256(chain_code_and_key).hexdigest()


@lru_cache(maxsize=256)
def _receiving_chain(xpub: str) -> ExtendedKey:
    """The external chain, 0 below the account; cached, as every address of the account starts there."""
    return _account(xpub).child(0)


def _holds_private_key(text: str) -> bool:
    try:
        payload = payload_of(text)
    except ValueError:
        return False
    return len(payload) == PAYLOAD_BYTES and payload[45] == 0


def _account(xpub: str) -> ExtendedKey:
    # Errors are not chained: one from below may quote what it was given.
    try:
        payload = payload_of(xpub)
    except ValueError:
        raise WrongXpub("The checksum of this xpub does not match: a character is wrong. Copy it again.") from None
    if payload[:4] != _XPUB_VERSION:
        raise WrongXpub("This is an extended key of another kind; an xpub of an Ethereum account is needed.")
    depth, child = payload[4], int.from_bytes(payload[9:13])
    if depth != ACCOUNT_DEPTH or child < HARDENED:
        raise WrongXpub(
            f"This xpub is of depth {depth}; the account's own is needed (m/44'/60'/0', depth {ACCOUNT_DEPTH})."
        )
    try:
        return ExtendedKey.of(payload)
    except ValueError:
        raise WrongXpub("This xpub holds no valid public key.") from None
