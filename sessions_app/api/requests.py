"""Bodies and queries of the checkout API, beside the create call's (`terms/sessions.py`)."""

from typing import Annotated, Self

from django.http import QueryDict
from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from chains_app.networks.networks import known_symbol
from common.api.amounts import Amount, CurrencyCode, check_amount
from common.api.faults import Faults
from common.api.types import Body, LeftOut, Moment, Pattern, Query, Text, WholeNumber
from sessions_app.paying.scenarios import Scenario
from sessions_app.status import DecisionKind, Issue, PaymentStatus, Status

# In any case of letters; kept as networks write it.
TxHash = Annotated[
    str,
    Text(),
    Pattern(r"^0x[0-9a-fA-F]{64}$", "Send a transaction's hash: 0x and 64 hexadecimal digits."),
    AfterValidator(str.lower),
]
# In any case of letters.
Symbol = Annotated[str, Text(16), AfterValidator(known_symbol)]
NetworkId = Annotated[str, Text(32), AfterValidator(str.lower)]


class ListSessions(Query):
    """The query of `GET /api/v1/checkout`; `metadata[key]=value` comes beside it."""

    limit: int = Field(20, ge=1, le=100, description="Sessions a page, at most 100.", examples=[20])
    after: LeftOut[Annotated[str, Text(60)]] = Field(
        None,
        description="Continue after this session: from the `Link` header.",
        examples=["cs_01h455vb4pex5vsknk084sn02q"],
    )
    status: LeftOut[Status] = Field(None, description="Only sessions in this status.", examples=["open"])
    payment_status: LeftOut[PaymentStatus] = Field(
        None, description="Only with this payment status.", examples=["partial"]
    )
    email: LeftOut[Annotated[str, Text(254)]] = Field(
        None, description="Only of this buyer, in any case.", examples=["pat@example.com"]
    )
    reference: LeftOut[Annotated[str, Text(200)]] = Field(
        None, description="Only with this reference.", examples=["order-1001"]
    )
    product_id: LeftOut[Annotated[str, Text(500)]] = Field(
        None, description="Only of this product.", examples=["1234567890"]
    )
    created_after: LeftOut[Moment] = Field(
        None, description="Only created after this time.", examples=["2030-01-01T00:00:00Z"]
    )
    created_before: LeftOut[Moment] = Field(
        None, description="Only created before this time.", examples=["2030-01-31T00:00:00Z"]
    )
    updated_after: LeftOut[Moment] = Field(
        None, description="Only those whose state changed after this time.", examples=["2030-01-31T00:00:00Z"]
    )
    needs_decision: LeftOut[bool] = Field(
        None, description="Only those that wait for a decision; false: those that do not.", examples=[True]
    )
    customer_id: LeftOut[Annotated[str, Text(60)]] = Field(
        None, description="Only of this customer.", examples=["cus_01h455vb4pex5vsknk084sn02q"]
    )
    tx_hash: LeftOut[TxHash] = Field(
        None, description="Only with a payment or refund in this transaction.", examples=["0x" + "ab" * 32]
    )
    total: bool = Field(
        False, description="true: the answer's header `Total-Count` says how many there are in all.", examples=[True]
    )


class ListPayments(Query):
    """The query of `GET /api/v1/checkout/{id}/payments`."""

    limit: int = Field(20, ge=1, le=100, description="Payments a page, at most 100.", examples=[20])
    after: LeftOut[Annotated[str, Text(60)]] = Field(
        None,
        description="Continue after this payment: from the `Link` header.",
        examples=["pay_01h455vb4pex5vsknk084sn02q"],
    )


class ListIssues(Query):
    """The query of `GET /api/v1/issues`."""

    limit: int = Field(100, ge=1, le=100, description="Issues a page, at most 100.", examples=[20])
    after: LeftOut[
        Annotated[
            str,
            Text(),
            Pattern(r"^[0-9]{16}-cs_[0-9a-z]{1,40}$", "Take the whole next page from the `Link` header."),
        ]
    ] = Field(
        None,
        description="Continue after this issue: from the `Link` header.",
        examples=["0001764115200000-cs_01h455vb4pex5vsknk084sn02q"],
    )


class ListCustomers(Query):
    """The query of `GET /api/v1/customers`."""

    limit: int = Field(20, ge=1, le=100, description="Customers a page, at most 100.", examples=[20])
    after: LeftOut[Annotated[str, Text(60)]] = Field(
        None,
        description="Continue after this customer: from the `Link` header.",
        examples=["cus_01h455vb4pex5vsknk084sn02q"],
    )
    email: LeftOut[Annotated[str, Text(254)]] = Field(
        None, description="Only this one; capital letters do not matter.", examples=["pat@example.com"]
    )


class ListLinks(Query):
    """The query of `GET /api/v1/payment-links`."""

    limit: int = Field(20, ge=1, le=100, description="Links a page, at most 100.", examples=[20])
    after: LeftOut[Annotated[str, Text(60)]] = Field(
        None,
        description="Continue after this link: from the `Link` header.",
        examples=["pl_01h455vb4pex5vsknk084sn02q"],
    )


class AmountQuery(Query):
    """The query of `GET /api/v1/payment-options`: with both, each option has its rate and amount."""

    amount: LeftOut[
        Annotated[Amount, WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 10**16})]
    ] = Field(None, description="What it would cost, in `currency`.", examples=[49.00])
    currency: LeftOut[CurrencyCode] = Field(None, description="ISO 4217 code.", examples=["USD"])

    @model_validator(mode="after")
    def together(self) -> Self:
        """Both or neither, and no more decimals than the currency has."""
        faults = Faults()
        if self.amount is not None and self.currency is not None:
            check_amount(self.amount, self.currency, faults)
        elif self.amount is not None or self.currency is not None:
            missing = "amount" if self.amount is None else "currency"
            faults.add(missing, "required", "Send amount and currency together.")
        faults.tell()
        return self


class ChooseOption(Body):
    """The body of `POST /api/v1/checkout/{id}/quote`."""

    asset: Symbol = Field(description="Symbol of the asset.", examples=["USDC"])
    network: NetworkId = Field(description="Id of the network.", examples=["sandbox"])


class Simulate(Body):
    """The body of `POST /api/v1/checkout/{id}/simulate`."""

    scenario: Scenario = Field(description="What the buyer does; docs/testing.md tells each.", examples=["exact"])
    asset: LeftOut[Symbol] = Field(
        None, description="With which; else the one picked, or the first.", examples=["USDC"]
    )
    network: LeftOut[NetworkId] = Field(None, description="Always the same; may be left out.", examples=["sandbox"])


class Advance(Body):
    """The body of `POST /api/v1/sandbox/advance`."""

    seconds: Annotated[WholeNumber, Field(ge=1, le=366 * 24 * 3600)] = Field(
        description="How much time passes, at most a year.", examples=[3600]
    )


class Resolve(Body):
    """The body of `POST /api/v1/checkout/{id}/resolve`."""

    decision: DecisionKind = Field(description="What to do about it.", examples=["refunded"])
    tx_hash: LeftOut[TxHash] = Field(
        None,
        description="Of the refund: required with `refunded`, and refused with anything else.",
        examples=["0x" + "ab" * 32],
    )
    note: LeftOut[Annotated[str, Text(500)]] = Field(
        None, description="For the audit log.", examples=["Pat pays the rest in cash"]
    )
    issue: LeftOut[Issue] = Field(
        None,
        description="The issue that you saw: another one by now is refused (409). `underpaid` with `accept` takes what "
        "came for a session that still runs, once it is final.",
        examples=["underpaid"],
    )
    payments: LeftOut[Annotated[list[Annotated[str, Text(60)]], Field(max_length=1000)]] = Field(
        None,
        description="The issue's `payments` that you saw in `GET /issues`: others by now are refused (409).",
        examples=[["pay_01h455vb4pex5vsknk084sn02q"]],
    )


def metadata_filters(query: QueryDict) -> tuple[dict[str, str], QueryDict]:
    """Takes `metadata[key]=value` out of a query; returns both. One that is there twice stays in it, to be refused."""
    others = query.copy()
    once = (name for name, values in query.lists() if len(values) == 1)
    found = {name[9:-1]: str(query[name]) for name in once if name.startswith("metadata[") and name.endswith("]")}
    for name in found:
        del others[f"metadata[{name}]"]
    return found, others
