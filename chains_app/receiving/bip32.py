"""Extended public keys as BIP-32 defines them, without private parts: read from their text, derived, made addresses."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from coincurve import PublicKey
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

HARDENED: Final = 2**31  # first index of the hardened half, which nobody derives without the private key

PAYLOAD_BYTES: Final = 78  # version, depth, parent, index, chain code, key
_LONGEST_TEXT: Final = 112  # characters of 78 bytes and a checksum
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedKey:
    """A public key and its chain code: all that derivation needs."""

    key: PublicKey
    chain_code: bytes

    @classmethod
    def of(cls, payload: bytes) -> Self:
        """From what an xpub's text stands for. Raises ValueError when it holds no compressed public key."""
        if len(payload) != PAYLOAD_BYTES:
            raise ValueError(f"An extended key has {PAYLOAD_BYTES} bytes.")
        return cls(key=PublicKey(payload[45:]), chain_code=payload[13:45])

    def child(self, index: int) -> Self:
        """CKDpub of the BIP, for an index from 0 to 2^31 - 1.

        Raises ValueError for an index that has no key, which is as likely as guessing somebody's private key.
        """
        digest = hmac.digest(self.chain_code, self.key.format() + index.to_bytes(4, "big"), "sha512")
        return type(self)(key=self.key.add(digest[:32]), chain_code=digest[32:])

    def address(self) -> str:
        """The Ethereum address of the key, checksummed."""
        return address_of(self.key)


def address_of(key: PublicKey) -> str:
    """A public key's Ethereum address, checksummed."""
    return to_checksum_address(keccak(key.format(compressed=False)[1:])[-20:])


def payload_of(text: str) -> bytes:
    """The bytes of an extended key's Base58Check text, without the checksum. Raises ValueError when it is none."""
    if len(text) > _LONGEST_TEXT:
        raise ValueError("Too long for an extended key.")
    number = 0
    for letter in text:
        number = number * 58 + _ALPHABET.index(letter)
    zeros = len(text) - len(text.lstrip(_ALPHABET[0]))
    data = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    if sha256(sha256(data[:-4]).digest()).digest()[:4] != data[-4:]:
        raise ValueError("The checksum does not match.")
    return data[:-4]
