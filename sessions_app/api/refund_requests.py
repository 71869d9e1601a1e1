"""Bodies of the calls about refunds."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from common.api.amounts import above_zero, number_in
from common.api.types import Body, LeftOut, Text, YesNo
from sessions_app.api.requests import NetworkId, Symbol, TxHash
from sessions_app.status import RefundKind, RefundRate

_WORDS = {"all": RefundKind.FULL, "excess": RefundKind.EXCESS}


def _word_or_number(value: object) -> Decimal | RefundKind:
    """To the last digit: an asset has more of them than a currency."""
    if not isinstance(value, str) or value.strip()[:1].isdigit():
        return above_zero(number_in(value))
    if value not in _WORDS:
        raise PydanticCustomError("invalid", 'Send a number, "all" or "excess".')
    return _WORDS[value]


HowMuch = Annotated[
    Decimal | RefundKind,
    PlainValidator(_word_or_number),
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
        description="Of an amount in the session's currency. `paid`: at the rate at which it was paid; `today`: at "
        "that of this moment. An amount of the asset goes back as it is.",
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
    notify_buyer: LeftOut[YesNo] = Field(
        None,
        description="Write to the buyer: where shall it go, it is on its way, it is there. Left out: the letters that "
        "the business has on. False: none about this refund.",
        examples=[True],
    )
    asset: LeftOut[Symbol] = Field(
        None, description="Which of what arrived; needed where several assets did.", examples=["USDC"]
    )
    network: LeftOut[NetworkId] = Field(
        None, description="On which network; needed where it arrived on several.", examples=["base"]
    )


class RefundSent(Body):
    """The body of `POST /api/v1/refunds/{id}/sent`."""

    tx_hash: TxHash = Field(description="Of the transaction that your wallet sent.", examples=["0x" + "ab" * 32])
