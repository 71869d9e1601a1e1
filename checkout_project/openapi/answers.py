"""The answers of the API, described. `representation.py` makes them; a test holds the two together."""

from typing import Any

from rest_framework import serializers

from chains_app.networks import all_networks
from checkout_project.openapi.fields import (
    CURRENCY_CHOICES,
    constant,
    fiat,
    moment,
    number,
    on_chain,
    text,
    word,
    yes_no,
)
from sessions_app.status import DecisionKind, Issue, PaymentStatus, Status


class CustomerOfSession(serializers.Serializer[Any]):
    """The buyer as the session knows them."""

    id = text("Of the customer: one per e-mail address.", "cus_01h455vb4pex5vsknk084sn02q")
    email = text("As sent.", "pat@example.com")
    name = text("As sent.", "Pat Doe")


class RateSource(serializers.Serializer[Any]):
    """What one source said when the quote was made."""

    source = text("Who.", "kraken")  # type: ignore[assignment]  # a field like the others, whatever DRF's are made of
    pair = text("Of what in what.", "ETH/USD")
    value = on_chain("What it said.")
    fetchedAt = moment("When it said so.")
    ageSeconds = number("How old that was when the quote was made.", "12")
    used = yes_no("Whether it took part in the rate.")


class RateOrigin(serializers.Serializer[Any]):
    """Where a quote's rate came from."""

    rule = text("What chose it: the median of several, the only source, a peg, or test mode's fixed table.", "median")
    value = on_chain("The rate before the merchant's spread.")
    marketValue = on_chain("What the sources said, before a peg was taken for it.")
    disagreement = text("How far apart the sources were, as a share.", "0.0012")
    spreadPercent = text("The merchant's spread.", "0")
    sources = RateSource(many=True, help_text="Every source that was asked.")


class PaymentDue(serializers.Serializer[Any]):
    """What the buyer is asked to send, by the quote in force."""

    asset = text("Symbol of the asset.", "USDC")
    network = text("Id of the network; /payment-options lists them.", "sandbox")
    address = text("Where to send it: the session's own deposit address.", "0x8ba1f109551bD432803012645Ac136ddd64DBA72")
    amountDue = on_chain("The whole price at the quote's rate, rounded up.")
    amountReceived = on_chain("What has arrived of this asset on this network and counts.")
    amountRemaining = on_chain("What is still to be sent; 0 when nothing is, and once completed.")
    valueReceived = fiat("What all that has arrived is worth.")
    shortfall = fiat("How much of the price is missing. Stays when less was taken as paid: the gap, for your books.")
    rate = on_chain("Price of one whole unit of the asset, as really used. In the session's currency.")
    rateSources = RateOrigin(help_text="Where the rate came from, with values and ages.")
    quoteExpiresAt = moment("Until then the rate is locked; the page renews it.")
    uri = text(
        "For wallets and QR codes (EIP-681); null when nothing is due, or while the network is switched off.",
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
        help_text="Whether it is part of what was received: not when the session does not allow the asset (unless you "
        "accepted it), when it is gone, or when it was sent back because it was too little. Example: true"
    )
    value = fiat("What it is worth by its rate; null while no rate is known.", nullable=True)
    rate = text("Price of one whole unit, as used; null while none is known.", "1", nullable=True)
    rateBasis = text(
        "`quote`: the locked rate; `arrival`: that of its arrival; `none`: it does not count.",
        "quote",
        nullable=True,
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


class RefundMade(serializers.Serializer[Any]):
    """Money on its way back to the buyer, from your own wallet."""

    id = text("Of the refund.", "ref_01h455vb4pex5vsknk084sn02q")
    status = word(
        "`prepared`: waits for your wallet's signature; `seen`: on the chain; `confirmed`: enough blocks on top; "
        "`withdrawn`: will not be sent.",
        [("prepared", ""), ("seen", ""), ("confirmed", ""), ("withdrawn", "")],
        "confirmed",
    )
    asset = text("Symbol of what goes back.", "USDC")
    network = text("Where.", "sandbox")
    amount = on_chain("How much.")
    value = fiat("What that is worth by the rate that was chosen for it.")
    address = text("Where the buyer wants it.", "0x8ba1f109551bD432803012645Ac136ddd64DBA72")
    txHash = text("Of its transaction; null until it is seen.", "0x" + "ab" * 32, nullable=True)
    preparedAt = moment("When it was prepared.")
    seenAt = moment("When it was first seen.", nullable=True)
    confirmedAt = moment("When it was confirmed.", nullable=True)


class Session(serializers.Serializer[Any]):
    """A checkout session: one thing to be paid."""

    id = text("Of the session.", "cs_01h455vb4pex5vsknk084sn02q")
    object = constant("checkout.session")
    url = text(
        "The hosted page: send the buyer there, and tell nobody else. The session's id opens no page.",
        "https://pay.example/pay/pg_3f8k2m9x7c1vb5nq0wzt4r6hdj",
    )
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
    refunds = RefundMade(many=True, help_text="What goes back, in the order in which it was prepared.")
    expiresAt = moment("When it ends unless paid.")
    createdAt = moment("When it was made.")
    updatedAt = moment("When its state last changed.")
    completedAt = moment("When it was paid and confirmed.", nullable=True)


class PaymentOption(serializers.Serializer[Any]):
    """An asset on a network that can be paid with."""

    asset = text("Symbol.", "USDC")
    name = text("Name of the asset.", "USD Coin")
    network = serializers.ChoiceField(choices=sorted(all_networks()), help_text="Id of the network. Example: base")
    networkName = text("Its name as buyers see it.", "Base")
    chainId = serializers.IntegerField(allow_null=True, help_text="EIP-155 chain id; null: the sandbox. Example: 8453")
    contract = text("The token's contract; null: the chain's own coin.", "0x8335…2913", nullable=True)
    decimals = serializers.IntegerField(help_text="Digits after the point that the chain counts in. Example: 6")
    confirmations = serializers.IntegerField(help_text="Blocks until a usual payment is final. Example: 12")
    available = serializers.BooleanField(
        required=False, help_text="With `amount`: whether it could be paid with now. Example: true"
    )
    reason = serializers.CharField(
        required=False, allow_null=True, help_text="With `amount`: why not. Example: No rate is younger than 5 minutes."
    )
    rate = serializers.CharField(
        required=False, allow_null=True, help_text="With `amount`: price of one whole unit. Example: 2411.52"
    )
    amount = serializers.CharField(
        required=False, allow_null=True, help_text="With `amount`: what would be due, in the asset. Example: 0.0203"
    )


class OpenIssue(serializers.Serializer[Any]):
    """A session that waits for a decision."""

    sessionId = text("Of the session.", "cs_01h455vb4pex5vsknk084sn02q")
    issue = word("What is odd.", Issue.choices, "underpaid")
    since = moment("Since when.")
    ageSeconds = serializers.IntegerField(help_text="The same as a duration, in seconds. Example: 3600")
    currency = word("ISO 4217 code.", CURRENCY_CHOICES, "USD")
    amount = fiat("The price.")
    amountReceived = fiat("What has arrived and counts.")
    difference = fiat("Received less price: below zero when too little came.")
    payments = serializers.ListField(
        child=serializers.CharField(),
        help_text="The payments that it is about; one that is gone ends in `:vanished:` and a number. Send them back "
        'with `resolve`, so that only what you saw is decided. Example: ["pay_01h455vb4pex5vsknk084sn02q"]',
    )
    value = fiat("What those are worth.")
    suggestedDecision = word("What most would do.", DecisionKind.choices, "accept")
    decisions = serializers.ListField(
        child=serializers.ChoiceField(choices=DecisionKind.choices),
        help_text='All that `resolve` takes for it. Example: ["accept", "refunded"]',
    )
    session = Session(help_text="The whole session.")


class PaidInCurrency(serializers.Serializer[Any]):
    """What a customer has paid in one currency."""

    currency = word("ISO 4217 code.", CURRENCY_CHOICES, "USD")
    amount = fiat("The sum of the prices of completed sessions.")
    sessions = number("How many sessions that were.", "3")


class Customer(serializers.Serializer[Any]):
    """A buyer: one per e-mail address."""

    id = text("Of the customer.", "cus_01h455vb4pex5vsknk084sn02q")
    object = constant("customer")
    email = text("As it was first sent.", "pat@example.com")
    name = text("The last one that you sent; what a payment link's visitor types does not change it.", "Pat Doe")
    createdAt = moment("When the first session was made.")
    erasedAt = moment("When all that is personal was erased; null: it was not.", nullable=True)
    paid = PaidInCurrency(many=True, help_text="What they paid, by currency.")


class PaymentLink(serializers.Serializer[Any]):
    """A payment link: an offer that many can pay."""

    id = text("Of the link.", "pl_01h455vb4pex5vsknk084sn02q")
    object = constant("payment_link")
    url = text("Give this to buyers.", "https://pay.example/l/pl_01h455vb4pex5vsknk084sn02q")
    livemode = serializers.BooleanField(help_text="False: test mode, play money. Example: false")
    active = serializers.BooleanField(help_text="Whether one can pay by it. Example: true")
    amount = fiat("The price; null: the buyer chooses.", nullable=True)
    currency = word("ISO 4217 code.", CURRENCY_CHOICES, "USD")
    productId = text("Your id of what is sold; may be empty.", "1234567890")
    productName = text("Shown to the buyer.", "Winter box, 1 kg")
    productDescription = text("Shown below the name; may be empty.", "Apples and pears")
    allowedAssets = serializers.ListField(
        child=serializers.CharField(), help_text='Empty: all assets. Example: ["ETH", "USDC"]'
    )
    successUrl = text(
        "Where the buyer goes after paying; null: back to the link.", "https://shop.example", nullable=True
    )
    metadata = serializers.DictField(help_text='Copied to each session. Example: {"campaign": "winter"}')
    stock = number("How many can be sold; null: no limit.", "100", nullable=True)
    held = number("How many are sold or being paid now.", "7")
    endsAt = moment("When the offer is over; null: never.", nullable=True)
    createdAt = moment("When it was made.")
