"""Whether a wallet signed a text: `personal_sign` of a key (EIP-191), or the word of a contract wallet (EIP-1271)."""

from eth_hash.auto import keccak
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature, ValidationError

_KEY_SIGNATURE_BYTES = 65


def personal_hash(message: str) -> bytes:
    """What a wallet signs when it is asked to `personal_sign` the text (EIP-191, version 0x45)."""
    body = message.encode()
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(body)).encode() + body)


def signature_bytes(text: str) -> bytes | None:
    """A signature as wallets show it (0x and hex), or None when it is none."""
    digits = text.strip().removeprefix("0x")
    try:
        return bytes.fromhex(digits) or None
    except ValueError:
        return None


def is_signed_by_key(*, address: str, message: str, signature: bytes) -> bool:
    """Whether the key of the (checksummed) address signed the text."""
    if len(signature) != _KEY_SIGNATURE_BYTES:
        return False
    # Wallets end a signature with 27 or 28, some hardware with 0 or 1.
    recovery = signature[-1] - 27 if signature[-1] >= 27 else signature[-1]
    try:
        signer = Signature(signature[:-1] + bytes([recovery])).recover_public_key_from_msg_hash(personal_hash(message))
    except (BadSignature, ValidationError):
        return False
    return bool(signer.to_checksum_address() == address)


def is_signed_by(*, address: str, message: str, signature: str, mode: str) -> bool:
    """Whether the wallet at the (checksummed) address signed the text; contract wallets are asked on the mode's networks."""
    given = signature_bytes(signature)
    return given is not None and is_signed_by_key(address=address, message=message, signature=given)
