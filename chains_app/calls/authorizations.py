"""Transfers of a token that its holder only signs (EIP-3009), as wallets show and sign them (EIP-712).

Whoever brings one to the chain pays the fee, and can change neither the amount nor who receives it.
"""

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_hash.auto import keccak

from chains_app.calls.chain_calls import contract_approves
from chains_app.calls.wallet_signatures import is_digest_signed_by_key
from chains_app.networks.networks import PaymentOption
from chains_app.reading.reader import ReaderUnavailable, WrongChain

NONCE_BYTES = 32

_DOMAIN = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
_TRANSFER = {
    "from": "address",
    "to": "address",
    "value": "uint256",
    "validAfter": "uint256",
    "validBefore": "uint256",
    "nonce": "bytes32",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """One transfer, as it is signed. Addresses are checksummed, times seconds since 1970."""

    sender: str
    recipient: str
    units: int
    valid_after: int
    valid_before: int
    nonce: bytes


def takes_signed_transfers(option: PaymentOption) -> bool:
    """Whether the token's contract takes them."""
    return option.asset.signed_transfers is not None and option.network.chain_id is not None


def typed_data(option: PaymentOption, authorization: Authorization) -> dict[str, Any]:
    """What a wallet is asked to sign (`eth_signTypedData_v4`). Whole numbers are text: JavaScript loses digits."""
    return {
        "types": {"EIP712Domain": _fields(_DOMAIN), "TransferWithAuthorization": _fields(_TRANSFER)},
        "primaryType": "TransferWithAuthorization",
        "domain": _domain(option),
        "message": message_of(authorization),
    }


def message_of(authorization: Authorization) -> dict[str, str]:
    """What stands in it, as wallets and x402 write it: whole numbers as text."""
    return {
        "from": authorization.sender,
        "to": authorization.recipient,
        "value": str(authorization.units),
        "validAfter": str(authorization.valid_after),
        "validBefore": str(authorization.valid_before),
        "nonce": "0x" + authorization.nonce.hex(),
    }


def digest_of(option: PaymentOption, authorization: Authorization) -> bytes:
    """The hash that is signed, and that the token's contract makes of the transfer it is told to do."""
    of = authorization
    values = [of.sender, of.recipient, of.units, of.valid_after, of.valid_before, of.nonce]
    domain = _domain(option)
    name, version = (keccak(domain[key].encode()) for key in ("name", "version"))
    separator = _hash_of("EIP712Domain", _DOMAIN, [name, version, domain["chainId"], domain["verifyingContract"]])
    return keccak(b"\x19\x01" + separator + _hash_of("TransferWithAuthorization", _TRANSFER, values))


def is_signed(option: PaymentOption, authorization: Authorization, signature: bytes) -> bool:
    """Whether the sender signed it: by a key, or as a contract wallet that says so (EIP-1271).

    A contract wallet on a network that cannot be read just now has signed nothing. Raises NoPlace.
    """
    digest, sender = digest_of(option, authorization), authorization.sender
    if is_digest_signed_by_key(address=sender, digest=digest, signature=signature):
        return True
    try:
        return contract_approves(option.network, address=sender, digest=digest, signature=signature)
    except (ReaderUnavailable, WrongChain):
        return False


def _domain(option: PaymentOption) -> dict[str, Any]:
    token = option.asset.signed_transfers
    assert token is not None
    return {
        "name": token.name,
        "version": token.version,
        "chainId": option.network.chain_id,
        "verifyingContract": option.asset.contract,
    }


def _fields(of: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in of.items()]


def _hash_of(name: str, fields: dict[str, str], values: list[Any]) -> bytes:
    """The hash of a struct (EIP-712). A text stands in `values` as its hash."""
    kinds = ["bytes32" if kind == "string" else kind for kind in fields.values()]
    signature = f"{name}({','.join(f'{kind} {field}' for field, kind in fields.items())})"
    return keccak(keccak(signature.encode()) + encode(kinds, values))
