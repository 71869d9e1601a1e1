"""What the API answers beside sessions: what waits for a decision, customers, payment links, payment options."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, SerializerFunctionWrapHandler, model_serializer
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from chains_app.networks.networks import all_networks
from common.api.answer_types import Answer, Fiat, Timestamp
from common.api.types import LeftOut
from common.fiat.currencies import Currency
from sessions_app.answers.session import Session
from sessions_app.status import DecisionKind, Issue


class OpenIssue(Answer):
    """A session that waits for a decision."""

    session_id: str = Field(description="Of the session.", examples=["cs_01h455vb4pex5vsknk084sn02q"])
    issue: Issue = Field(description="What is odd.", examples=["underpaid"])
    since: Timestamp = Field(description="Since when.")
    age_seconds: int = Field(description="The same as a duration, in seconds.", examples=[3600])
    currency: Currency = Field(description="ISO 4217 code.", examples=["USD"])
    amount: Fiat = Field(description="The price.")
    amount_received: Fiat = Field(description="What has arrived and counts.")
    difference: Fiat = Field(description="Received less price: below zero when too little came.")
    payments: list[str] = Field(
        description="The payments that it is about; one that is gone ends in `:vanished:` and a number. Send them back "
        "with `resolve`, so that only what you saw is decided.",
        examples=[["pay_01h455vb4pex5vsknk084sn02q"]],
    )
    value: Fiat = Field(description="What those are worth.")
    suggested_decision: DecisionKind = Field(description="What most would do.", examples=["accept"])
    decisions: list[DecisionKind] = Field(
        description="All that `resolve` takes for it.", examples=[["accept", "refunded"]]
    )
    session: Session = Field(description="The whole session.")


class PaidInCurrency(Answer):
    """What a customer has paid in one currency; also for sessions that it did not complete."""

    currency: Currency = Field(description="ISO 4217 code.", examples=["USD"])
    amount: Fiat = Field(description="The sum of the prices of completed sessions.")
    sessions: int = Field(description="How many sessions that were.", examples=[3])
    received: Fiat | None = Field(
        description="All that arrived and is final, whatever was asked for, at its worth when it arrived. Null, as the "
        "next two: of more than 10,000 sessions (in a list, those of all customers of the page together, the fewest "
        "first) it is not added up."
    )
    taken_back: Fiat | None = Field(description="What of it a network gave up afterwards.")
    refunded: Fiat | None = Field(description="What went back to the customer.")


class Customer(Answer):
    """A buyer: one per e-mail address."""

    id: str = Field(description="Of the customer.", examples=["cus_01h455vb4pex5vsknk084sn02q"])
    object: Literal["customer"] = Field(default="customer", description="Always the same.", examples=["customer"])
    email: str = Field(description="As it was first sent.", examples=["pat@example.com"])
    name: str = Field(
        description="The last one that you sent; what a payment link's visitor types does not change it.",
        examples=["Pat Doe"],
    )
    created_at: Timestamp = Field(description="When the first session was made.")
    erased_at: Timestamp | None = Field(description="When all that is personal was erased; null: it was not.")
    paid: list[PaidInCurrency] = Field(description="What they paid, by currency.")


class TimeAdvanced(Answer):
    """What came of letting time pass."""

    seconds: int = Field(description="How much passed.", examples=[3600])
    sessions: int = Field(description="For how many sessions: those that are still watched.", examples=[12])
    expired: int = Field(description="How many of them expired by it.", examples=[3])


class PaymentLink(Answer):
    """A payment link: an offer that many can pay."""

    id: str = Field(description="Of the link.", examples=["pl_01h455vb4pex5vsknk084sn02q"])
    object: Literal["payment_link"] = Field(
        default="payment_link", description="Always the same.", examples=["payment_link"]
    )
    url: str = Field(
        description="Give this to buyers.", examples=["https://pay.example/l/pl_01h455vb4pex5vsknk084sn02q"]
    )
    poster_url: str = Field(
        description="A page to print: the link as a QR code.",
        examples=["https://pay.example/l/pl_01h455vb4pex5vsknk084sn02q/poster"],
    )
    livemode: bool = Field(description="False: test mode, play money.", examples=[False])
    active: bool = Field(description="Whether one can pay by it.", examples=[True])
    amount: Fiat | None = Field(description="The price; null: the buyer chooses.")
    currency: Currency = Field(description="ISO 4217 code.", examples=["USD"])
    quick_amounts: list[Fiat] = Field(description="Proposed to a buyer who chooses the amount.", examples=[[3, 5, 10]])
    min_amount: Fiat | None = Field(description="The least that a buyer can choose; null: the smallest unit.")
    max_amount: Fiat | None = Field(description="The most that a buyer can choose; null: no limit.")
    product_id: str = Field(description="Your id of what is sold; may be empty.", examples=["1234567890"])
    product_name: str = Field(description="Shown to the buyer.", examples=["Winter box, 1 kg"])
    product_description: str = Field(description="Shown below the name; may be empty.", examples=["Apples and pears"])
    allowed_assets: list[str] = Field(description="Empty: all assets.", examples=[["ETH", "USDC"]])
    success_url: str | None = Field(
        description="Where the buyer goes after paying; null: back to the link.", examples=["https://shop.example"]
    )
    metadata: dict[str, Any] = Field(description="Copied to each session.", examples=[{"campaign": "winter"}])
    stock: int | None = Field(description="How many can be sold; null: no limit.", examples=[100])
    held: int = Field(description="How many are sold or being paid now.", examples=[7])
    ends_at: Timestamp | None = Field(description="When the offer is over; null: never.")
    created_at: Timestamp = Field(description="When it was made.")


class ListedCurrency(Answer):
    """A currency that can be asked for."""

    code: Currency = Field(description="ISO 4217 code.", examples=["KWD"])
    name: str = Field(description="In English.", examples=["Kuwaiti Dinar"])
    decimals: int = Field(description="How many digits after the point its amounts have at most.", examples=[3])
    sources: list[str] = Field(
        description="Who prices it in live mode here: `coinbase`, `kraken`, `chainlink`; of a single one, an outage is "
        "an outage of the currency. Test mode has fixed rates.",
        examples=[["coinbase"]],
    )


class OneOfTheNetworks:
    """Described with the ids that there are here: an operator may have added some."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"enum": sorted(all_networks())}


class PaymentOption(Answer):
    """An asset on a network that can be paid with."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    asset: str = Field(description="Symbol.", examples=["USDC"])
    name: str = Field(description="Name of the asset.", examples=["USD Coin"])
    network: Annotated[str, OneOfTheNetworks()] = Field(description="Id of the network.", examples=["base"])
    network_name: str = Field(description="Its name as buyers see it.", examples=["Base"])
    chain_id: int | None = Field(description="EIP-155 chain id; null: the sandbox.", examples=[8453])
    contract: str | None = Field(
        description="The token's contract; null: the chain's own coin.", examples=["0x8335…2913"]
    )
    decimals: int = Field(description="Digits after the point that the chain counts in.", examples=[6])
    confirmations: int = Field(description="Blocks until a usual payment is final.", examples=[12])
    available: LeftOut[bool] = Field(
        default=None, description="With `amount`: whether it could be paid with now.", examples=[True]
    )
    reason: str | None = Field(
        default=None, description="With `amount`: why not.", examples=["No rate is younger than 5 minutes."]
    )
    rate: str | None = Field(default=None, description="With `amount`: price of one whole unit.", examples=["2411.52"])
    amount: str | None = Field(
        default=None, description="With `amount`: what would be due, in the asset.", examples=["0.0203"]
    )

    # An answer without `amount` has none of the four. No return type: what it is described by stays the class.
    @model_serializer(mode="wrap")
    def leave_out_what_was_not_asked(self, write: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
        """The fields that were set."""
        return {name: value for name, value in write(self).items() if self.available is not None or name not in _PRICED}


_PRICED = frozenset({"available", "reason", "rate", "amount"})
