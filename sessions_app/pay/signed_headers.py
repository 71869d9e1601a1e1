"""The headers of x402 (version 2): what they hold, as base64 of JSON, and what a signed payment must look like."""

from base64 import b64decode, b64encode
from typing import Annotated, Any, Literal

from eth_utils.address import to_checksum_address
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from chains_app.calls.authorizations import NONCE_BYTES, Authorization
from common.api.exact_json import WrongJson, dumps, loads_strict
from sessions_app.errors import NotAPayment
from sessions_app.signing.settling import SignedPayment

LONGEST_HEADER = 8 * 1024


def _number(text: str) -> int:
    return int(text, 16) if text.startswith("0x") else int(text)


Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$"), AfterValidator(lambda text: to_checksum_address(text))]
Number = Annotated[str, Field(pattern=r"^([0-9]{1,78}|0x[0-9a-fA-F]{1,64})$"), AfterValidator(_number)]
Nonce = Annotated[str, Field(pattern=rf"^0x[0-9a-fA-F]{{{2 * NONCE_BYTES}}}$")]
# A contract wallet's may be long.
Signature = Annotated[str, Field(pattern=r"^0x([0-9a-fA-F]{2}){65,2048}$")]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class _Transfer(_Part):
    sender: Address = Field(alias="from")
    to: Address
    value: Number
    valid_after: Number = Field(alias="validAfter")
    valid_before: Number = Field(alias="validBefore")
    nonce: Nonce


class _Signed(_Part):
    signature: Signature
    authorization: _Transfer


class _Accepted(_Part):
    scheme: Literal["exact"]
    network: Annotated[str, Field(max_length=64)]
    asset: Address


class Payment(_Part):
    """What PAYMENT-SIGNATURE holds: which of the offers was accepted, and the signed transfer."""

    version: Literal[2] = Field(alias="x402Version")
    accepted: _Accepted
    payload: _Signed

    @property
    def signed(self) -> SignedPayment:
        """As the rules take it."""
        of = self.payload.authorization
        transfer = Authorization(
            sender=of.sender,
            recipient=of.to,
            units=int(of.value),
            valid_after=int(of.valid_after),
            valid_before=int(of.valid_before),
            nonce=bytes.fromhex(of.nonce[2:]),
        )
        return SignedPayment(transfer=transfer, signature=bytes.fromhex(self.payload.signature[2:]))


def read_payment(header: str) -> Payment:
    """The signed payment of a header. Raises `NotAPayment`, with the place of what is wrong in it."""
    if len(header) > LONGEST_HEADER:
        raise NotAPayment(f"PAYMENT-SIGNATURE is longer than {LONGEST_HEADER} characters.", attr="PAYMENT-SIGNATURE")
    try:
        given = loads_strict(b64decode(header, validate=True).decode())
        return Payment.model_validate(given)
    except ValidationError as wrong:
        fault = wrong.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or "PAYMENT-SIGNATURE"
        raise NotAPayment(f"{place} is not as x402 version 2 has it: {fault['msg']}.", attr=place) from None
    except (ValueError, WrongJson):
        raise NotAPayment("PAYMENT-SIGNATURE is no base64 of JSON.", attr="PAYMENT-SIGNATURE") from None


def header(value: dict[str, Any]) -> str:
    """The value as a header carries it."""
    return b64encode(dumps(value).encode()).decode()
