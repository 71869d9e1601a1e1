"""Bodies of the calls about refunds."""

from typing import Annotated, Any

from pydantic import Field, ValidatorFunctionWrapHandler, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

from common.api.amounts import Amount
from common.api.types import Body, LeftOut, Pattern, Text, YesNo
from sessions_app.status import RefundKind, RefundRate

_WORDS = {"all": RefundKind.FULL, "excess": RefundKind.EXCESS}


def _word_or_number(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    if not isinstance(value, str) or value.strip()[:1].isdigit():
        return handler(value)
    if value not in _WORDS:
        raise PydanticCustomError("invalid", 'Send a number, "all" or "excess".')
    return _WORDS[value]


HowMuch = Annotated[
    Amount,
    WrapValidator(_word_or_number),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 10**16},
                {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*$"},
                {"type": "string", "enum": [*_WORDS]},
            ]
        }
    ),
]


class CreateRefund(Body):
    """The body of `POST /api/v1/checkout/{id}/refunds`."""

    amount: HowMuch = Field(
        description="How much goes back: a number, `all` that is there, or the `excess` above the price.",
        examples=["all"],
    )
    currency: LeftOut[Annotated[str, Text(16)]] = Field(
        None, description="Of a number: the session's currency (the default), or the asset's symbol.", examples=["USD"]
    )
    rate: RefundRate = Field(
        RefundRate.PAID,
        description="`paid`: at the rate at which it was paid; `today`: at that of this moment.",
        examples=["paid"],
    )
    address: LeftOut[Annotated[str, Text(60)]] = Field(
        None,
        description="Where to. Left out: where the buyer said, or says on the page that `buyerUrl` opens.",
        examples=["0x8ba1f109551bD432803012645Ac136ddd64DBA72"],
    )
    reason: LeftOut[Annotated[str, Text(500)]] = Field(
        None, description="Why, for the buyer and your books.", examples=["Out of stock"]
    )
    notify_buyer: YesNo = Field(
        default=False, description="Write to the buyer: it goes back, or where shall it go?", examples=[True]
    )
    asset: LeftOut[Annotated[str, Text(16)]] = Field(
        None, description="Which of what arrived; needed where several assets did.", examples=["USDC"]
    )
    network: LeftOut[Annotated[str, Text(32)]] = Field(
        None, description="On which network; needed where it arrived on several.", examples=["base"]
    )


class RefundSent(Body):
    """The body of `POST /api/v1/refunds/{id}/sent`."""

    tx_hash: Annotated[
        str,
        Text(),
        Pattern(r"^0x[0-9a-fA-F]{64}$", "Send the transaction's hash: 0x and 64 hexadecimal digits."),
    ] = Field(description="Of the transaction that your wallet sent.", examples=["0x" + "ab" * 32])
