"""The answers of the API, described. `representation.py` makes them; a test holds the two together."""

from typing import Any

from rest_framework import serializers

from chains_app.networks import all_networks
from common.money import CURRENCIES
from sessions_app.status import DecisionKind, Issue, PaymentStatus, Status

CURRENCY_CHOICES = list(CURRENCIES.items())
_MOMENT = "ISO 8601 in UTC with milliseconds. "


def moment(meaning: str, *, nullable: bool = False) -> serializers.DateTimeField:
    """A time in an answer."""
    return serializers.DateTimeField(
        allow_null=nullable, help_text=f"{meaning} {_MOMENT}Example: 2030-01-31T12:00:00.000Z"
    )


def fiat(meaning: str, *, nullable: bool = False) -> serializers.DecimalField:
    """An amount of the session's currency, exact to its minor unit."""
    return serializers.DecimalField(
        max_digits=None,
        decimal_places=None,
        allow_null=nullable,
        help_text=f"{meaning} In the session's currency, exact. Example: 49.00",
    )


def on_chain(meaning: str) -> serializers.RegexField:
    """An amount of an asset as text, in whole units of it."""
    return serializers.RegexField(r"^[0-9]+(\.[0-9]+)?$", help_text=f"{meaning} In the asset itself. Example: 49.25")


def word(meaning: str, choices: Any, example: str, *, nullable: bool = False) -> serializers.ChoiceField:
    """One of a fixed list."""
    return serializers.ChoiceField(choices=choices, allow_null=nullable, help_text=f"{meaning} Example: {example}")


def text(meaning: str, example: str, *, nullable: bool = False) -> serializers.CharField:
    """Text."""
    return serializers.CharField(allow_null=nullable, help_text=f"{meaning} Example: {example}")


class CustomerOfSession(serializers.Serializer[Any]):
    """The buyer as the session knows them."""

    id = text("Of the customer: one per e-mail address.", "cus_01h455vb4pex5vsknk084sn02q")
    email = text("As sent.", "pat@example.com")
    name = text("As sent.", "Pat Doe")


class PaymentDue(serializers.Serializer[Any]):
    """What the buyer is asked to send, by the quote in force."""

    asset = text("Symbol of the asset.", "USDC")
    network = text("Id of the network; /payment-options lists them.", "sandbox")
    address = text("Where to send it: the session's own deposit address.", "0x8ba1f109551bD432803012645Ac136ddd64DBA72")
    amountDue = on_chain("The whole price at the quote's rate, rounded up.")
    amountReceived = on_chain("What has arrived of this asset on this network and counts.")
    amountRemaining = on_chain("What is still to be sent; 0 when nothing is.")
    valueReceived = fiat("What all that has arrived is worth.")
    rate = on_chain("Price of one whole unit of the asset, as really used. In the session's currency.")
    rateSources = serializers.ListField(
        child=serializers.DictField(), help_text="Where the rate came from, with values and ages."
    )
    quoteExpiresAt = moment("Until then the rate is locked; the page renews it.")
    uri = text(
        "For wallets and QR codes (EIP-681); null when nothing is due.",
        "ethereum:0x8ba1f109551bD432803012645Ac136ddd64DBA72@1?value=49000000",
        nullable=True,
    )


class PaymentMade(serializers.Serializer[Any]):
    """One transfer that was seen for this session."""

    id = text("Of the payment.", "pay_01h455vb4pex5vsknk084sn02q")
    status = word(
        "`seen`: on its way; `confirmed`: enough blocks on top; `vanished`: no longer on the chain.",
        [("seen", ""), ("confirmed", ""), ("vanished", "")],
        "confirmed",
    )
    asset = text("Symbol of what was sent.", "USDC")
    network = text("Where it was sent.", "sandbox")
    amount = on_chain("How much was sent.")
    counts = serializers.BooleanField(
        help_text="Whether it counts towards the price: not when the session does not allow the asset. Example: true"
    )
    value = fiat("What it is worth by its rate; null while no rate is known.", nullable=True)
    rate = text("Price of one whole unit, as used; null while none is known.", "1", nullable=True)
    rateBasis = text(
        "`quote`: the locked rate; `arrival`: the rate when it arrived; null: not yet known.", "quote", nullable=True
    )
    sender = text("The address it came from.", "0x8ba1f109551bD432803012645Ac136ddd64DBA72")
    txHash = text("Of its transaction.", "0x" + "ab" * 32)
    blockNumber = serializers.IntegerField(
        allow_null=True, help_text="Of its block; null while it waits for one. Example: 21000000"
    )
    confirmationsNeeded = serializers.IntegerField(
        allow_null=True, help_text="Blocks until it counts as confirmed; grows with the amount. Example: 12"
    )
    arrivedAt = moment("When it was first seen, or its block's time.")
    confirmedAt = moment("When it was confirmed.", nullable=True)
    vanishedAt = moment("When it was noticed to be gone.", nullable=True)


class Session(serializers.Serializer[Any]):
    """A checkout session: one thing to be paid."""

    id = text("Of the session.", "cs_01h455vb4pex5vsknk084sn02q")
    object = serializers.ChoiceField(choices=["checkout.session"], help_text="Always the same.")
    url = text("The hosted page: send the buyer there.", "https://pay.example/pay/cs_01h455vb4pex5vsknk084sn02q")
    livemode = serializers.BooleanField(help_text="False: test mode, play money. Example: false")
    status = word("Where it is.", Status.choices, "open")
    paymentStatus = word("How much of the price has arrived.", PaymentStatus.choices, "unpaid")
    issue = word("What is odd about it; kept once settled; null: nothing.", Issue.choices, "late", nullable=True)
    needsDecision = serializers.BooleanField(help_text="True while somebody must act on the issue. Example: false")
    amount = fiat("The price.")
    currency = word("ISO 4217 code.", CURRENCY_CHOICES, "USD")
    successUrl = text("As sent.", "https://shop.example/thanks")
    cancelUrl = text("As sent.", "https://shop.example/basket")
    email = text("As sent.", "pat@example.com")
    name = text("As sent.", "Pat Doe")
    metadata = serializers.DictField(help_text='As sent. Example: {"orderId": "1234567890"}')
    productId = text("As sent.", "1234567890")
    productName = text("As sent.", "Winter box, 1 kg")
    productDescription = text("As sent.", "Apples and pears")
    allowedAssets = serializers.ListField(
        child=serializers.CharField(), help_text='As sent; empty: all assets. Example: ["ETH", "USDC"]'
    )
    reference = text("The shop's order id, if one was sent.", "order-1001", nullable=True)
    locale = text("Language of the page, if one was sent; else the buyer's browser decides.", "de", nullable=True)
    customerId = text("The customer's id.", "cus_01h455vb4pex5vsknk084sn02q")
    customer = CustomerOfSession(help_text="The buyer.")
    payment = PaymentDue(allow_null=True, help_text="What is due; null until an asset was picked.")
    payments = PaymentMade(many=True, help_text="What has arrived, oldest first.")
    expiresAt = moment("When it ends unless paid.")
    createdAt = moment("When it was made.")
    updatedAt = moment("When its state last changed.")
    completedAt = moment("When it was paid and confirmed.", nullable=True)


class PaymentOptionAnswer(serializers.Serializer[Any]):
    """An asset on a network that can be paid with."""

    asset = text("Symbol.", "USDC")
    name = text("Name of the asset.", "USD Coin")
    network = serializers.ChoiceField(choices=sorted(all_networks()), help_text="Id of the network. Example: base")
    networkName = text("Its name as buyers see it.", "Base")
    chainId = serializers.IntegerField(allow_null=True, help_text="EIP-155 chain id; null: the sandbox. Example: 8453")
    contract = text("The token's contract; null: the chain's own coin.", "0x8335…2913", nullable=True)
    decimals = serializers.IntegerField(help_text="Digits after the point that the chain counts in. Example: 6")
    confirmations = serializers.IntegerField(help_text="Blocks until a usual payment is final. Example: 12")


class IssueAnswer(serializers.Serializer[Any]):
    """A session that waits for a decision."""

    sessionId = text("Of the session.", "cs_01h455vb4pex5vsknk084sn02q")
    issue = word("What is odd.", Issue.choices, "underpaid")
    since = moment("Since when.")
    ageSeconds = serializers.IntegerField(help_text="The same as a duration, in seconds. Example: 3600")
    currency = word("ISO 4217 code.", CURRENCY_CHOICES, "USD")
    amount = fiat("The price.")
    amountReceived = fiat("What has arrived and counts.")
    difference = fiat("Received less price: below zero when too little came.")
    suggestedDecision = word("What most would do.", DecisionKind.choices, "accept")
    decisions = serializers.ListField(
        child=serializers.ChoiceField(choices=DecisionKind.choices),
        help_text='All that `resolve` takes for it. Example: ["accept", "refunded"]',
    )
    session = Session(help_text="The whole session.")
