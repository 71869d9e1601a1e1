"""How x402 (version 2, scheme `exact`) writes what is asked for and what was signed."""

from typing import Any

from chains_app.calls.authorizations import Authorization, message_of
from chains_app.calls.facilitator import SCHEME, X402_VERSION
from chains_app.networks.networks import PaymentOption


def requirements_of(option: PaymentOption, *, recipient: str, units: int, seconds: int) -> dict[str, Any]:
    """What is to be signed: so much of the option's token for the recipient, to be brought within so many seconds."""
    token = option.asset.signed_transfers
    assert token is not None
    return {
        "scheme": SCHEME,
        "network": option.network.caip2,
        "amount": str(units),
        "asset": option.asset.contract,
        "payTo": recipient,
        "maxTimeoutSeconds": seconds,
        "extra": {"name": token.name, "version": token.version},
    }


def payment_of(requirements: dict[str, Any], authorization: Authorization, signature: bytes) -> dict[str, Any]:
    """The signed payment, as a facilitator takes it."""
    return {
        "x402Version": X402_VERSION,
        "accepted": requirements,
        "payload": {
            "signature": "0x" + signature.hex(),
            "authorization": message_of(authorization),
        },
    }
