"""Whether a wallet signed a text: `personal_sign` of a key (EIP-191), or the word of a contract wallet (EIP-1271)."""

from coincurve import PublicKey
from eth_hash.auto import keccak

from chains_app.calls.chain_calls import contract_approves
from chains_app.calls.places import NoPlace
from chains_app.networks.networks import Network, chain_networks
from chains_app.reading.reader import ReaderUnavailable, WrongChain
from chains_app.receiving.bip32 import address_of

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
    return is_digest_signed_by_key(address=address, digest=personal_hash(message), signature=signature)


def is_digest_signed_by_key(*, address: str, digest: bytes, signature: bytes) -> bool:
    """Whether the key of the (checksummed) address signed what has this hash."""
    if len(signature) != _KEY_SIGNATURE_BYTES:
        return False
    # Wallets end a signature with 27 or 28, some hardware with 0 or 1.
    recovery = signature[-1] - 27 if signature[-1] >= 27 else signature[-1]
    try:
        signer = PublicKey.from_signature_and_message(signature[:-1] + bytes([recovery]), digest, hasher=None)
    except ValueError:
        return False
    return address_of(signer) == address


def is_signed_by(*, address: str, message: str, signature: str, mode: str) -> bool:
    """Whether the wallet at the (checksummed) address signed the text.

    A contract wallet is asked on each network of the mode; one that cannot be read just now says nothing.
    """
    given = signature_bytes(signature)
    if given is None:
        return False
    return is_signed_by_key(address=address, message=message, signature=given) or any(
        _is_approved_on(network, address, message, given) for network in chain_networks(mode)
    )


def _is_approved_on(network: Network, address: str, message: str, signature: bytes) -> bool:
    try:
        return contract_approves(network, address=address, digest=personal_hash(message), signature=signature)
    except (ReaderUnavailable, WrongChain, NoPlace):
        return False
