"""A session as the API answers it and as webhooks carry it: one shape for both."""

from typing import Any, Literal

from pydantic import Field

from common.api.answer_types import Answer, Fiat, OnChain, Rate, Timestamp
from common.fiat.currencies import Currency
from sessions_app.status import Issue, PaymentStatus, RefundRate, RefundStatus, Status
from webhooks_app.answers import EventHead

PaymentState = Literal["seen", "confirmed", "vanished"]


class CustomerOfSession(Answer):
    """The buyer as the session knows them."""

    id: str = Field(description="Of the customer: one per e-mail address.", examples=["cus_01h455vb4pex5vsknk084sn02q"])
    email: str = Field(description="As sent.", examples=["pat@example.com"])
    name: str = Field(description="As sent.", examples=["Pat Doe"])


class RateSource(Answer):
    """What one source said when the quote was made."""

    source: str = Field(description="Who.", examples=["kraken"])
    pair: str = Field(description="Of what in what.", examples=["USDC/USD"])
    value: Rate = Field(description="What it said.")
    fetched_at: Timestamp = Field(description="When it said so.")
    age_seconds: int = Field(description="How old that was when the quote was made.", examples=[12])
    used: bool = Field(description="Whether it took part in the rate.", examples=[True])


class RateOrigin(Answer):
    """Where a quote's rate came from."""

    rule: str = Field(
        description="What chose it: the median of several, the only source, a peg, or test mode's fixed table.",
        examples=["median"],
    )
    value: Rate = Field(description="The rate before the merchant's spread.")
    market_value: Rate = Field(description="What the sources said, before a peg was taken for it.")
    disagreement: str = Field(description="How far apart the sources were, as a share.", examples=["0.0012"])
    spread_percent: str = Field(description="The merchant's spread.", examples=["0"])
    sources: list[RateSource] = Field(description="Every source that was asked.")


class PaymentDue(Answer):
    """What the buyer is asked to send, by the quote in force."""

    asset: str = Field(description="Symbol of the asset.", examples=["USDC"])
    network: str = Field(description="Id of the network; /payment-options lists them.", examples=["sandbox"])
    address: str = Field(
        description="Where to send it: the session's own deposit address.",
        examples=["0x8ba1f109551bD432803012645Ac136ddd64DBA72"],
    )
    amount_due: OnChain = Field(description="The whole price at the quote's rate, rounded up.")
    amount_received: OnChain = Field(description="What has arrived of this asset on this network and counts.")
    amount_remaining: OnChain = Field(
        description="What is still to be sent; 0 when nothing is: once completed, when another session of its "
        "reference was paid, and while no rate says what has arrived is worth, unless you decided to go on.",
        examples=["0"],
    )
    value_received: Fiat = Field(
        description="What pays for it: all that has arrived, less what goes back before it was paid."
    )
    shortfall: Fiat = Field(
        description="How much of the price is missing, without what has no rate yet. Stays when less was taken as "
        "paid: the gap, for your books.",
        examples=[0],
    )
    rate: Rate = Field(description="Price of one whole unit of the asset, as really used. In the session's currency.")
    rate_sources: RateOrigin = Field(description="Where the rate came from, with values and ages.")
    quote_expires_at: Timestamp = Field(
        description="Until then the rate is locked; the page renews it.", examples=["2030-01-31T12:10:00.000Z"]
    )
    uri: str | None = Field(
        description="For wallets and QR codes (EIP-681); null when nothing is due, or while the network is switched "
        "off.",
        examples=[None, "ethereum:0x8ba1f109551bD432803012645Ac136ddd64DBA72@1?value=49000000"],
    )


class PaymentMade(Answer):
    """One transfer that was seen for this session."""

    id: str = Field(description="Of the payment.", examples=["pay_01h455vb4pex5vsknk084sn02q"])
    status: PaymentState = Field(
        description="`seen`: on its way; `confirmed`: enough blocks on top; `vanished`: no longer on the chain.",
        examples=["confirmed"],
    )
    asset: str = Field(description="Symbol of what was sent.", examples=["USDC"])
    network: str = Field(description="Where it was sent.", examples=["sandbox"])
    amount: OnChain = Field(description="How much was sent.")
    counts: bool = Field(
        description="Whether it is part of what was received: not when the session does not allow the asset (unless "
        "you accepted it), when it is gone, or when it was sent back because it was too little.",
        examples=[True],
    )
    value: Fiat | None = Field(description="What it is worth by its rate; null while no rate is known.")
    rate: str | None = Field(description="Price of one whole unit, as used; null while none is known.", examples=["1"])
    rate_basis: str | None = Field(
        description="`quote`: the locked rate; `arrival`: that of its arrival; `none`: it does not count.",
        examples=["quote"],
    )
    sender: str = Field(
        description="The address it came from.", examples=["0x8ba1f109551bD432803012645Ac136ddd64DBA72"]
    )
    tx_hash: str = Field(description="Of its transaction.", examples=["0x" + "ab" * 32])
    explorer_url: str | None = Field(
        description="Where anybody sees it; null: its network has no explorer.",
        examples=[None, "https://basescan.org/tx/0xabab…"],
    )
    block_number: int | None = Field(description="Of its block; null while it waits for one.", examples=[21_000_000])
    confirmations_needed: int | None = Field(
        description="Blocks until it counts as confirmed; grows with the amount.", examples=[12]
    )
    arrived_at: Timestamp = Field(description="When it was first seen, or its block's time.")
    confirmed_at: Timestamp | None = Field(description="When it was confirmed.")
    vanished_at: Timestamp | None = Field(description="When it was noticed to be gone.", examples=[None])


class RefundMade(Answer):
    """Money on its way back to the buyer, from your own wallet."""

    id: str = Field(description="Of the refund.", examples=["ref_01h455vb4pex5vsknk084sn02q"])
    status: RefundStatus = Field(
        description="`waiting_for_address`: the buyer has not said where to; `prepared`: waits for your wallet's "
        "signature; `seen`: on the chain; `confirmed`: enough blocks on top; `withdrawn`: will not be sent.",
        examples=["confirmed"],
    )
    asset: str = Field(description="Symbol of what goes back.", examples=["USDC"])
    network: str = Field(description="Where.", examples=["sandbox"])
    amount: OnChain = Field(description="How much.")
    value: Fiat = Field(description="What that is worth by the rate that was chosen for it.")
    rate: Rate = Field(description="Price of one whole unit of the asset, as used for it. In the session's currency.")
    rate_basis: RefundRate = Field(
        description="`paid`: the rate at which it was paid; `today`: that of the moment it was asked for.",
        examples=["paid"],
    )
    address: str | None = Field(
        description="Where the buyer wants it; null: not said yet.",
        examples=["0x8ba1f109551bD432803012645Ac136ddd64DBA72"],
    )
    reason: str | None = Field(description="Why, as you said it.", examples=["Out of stock"])
    tx_hash: str | None = Field(description="Of its transaction; null until it is seen.", examples=["0x" + "ab" * 32])
    created_at: Timestamp = Field(description="When it was asked for.")
    prepared_at: Timestamp | None = Field(description="When it could be signed; null: the address is missing.")
    seen_at: Timestamp | None = Field(description="When it was first seen.")
    confirmed_at: Timestamp | None = Field(description="When it was confirmed.")
    withdrawn_at: Timestamp | None = Field(description="When it was withdrawn.", examples=[None])


class Session(Answer):
    """A checkout session: one thing to be paid."""

    id: str = Field(description="Of the session.", examples=["cs_01h455vb4pex5vsknk084sn02q"])
    object: Literal["checkout.session"] = Field(
        default="checkout.session", description="Always the same.", examples=["checkout.session"]
    )
    url: str = Field(
        description="The hosted page: send the buyer there, and tell nobody else. The session's id opens no page.",
        examples=["https://pay.example/pay/pg_3f8k2m9x7c1vb5nq0wzt4r6hdj"],
    )
    x402_url: str | None = Field(
        description="Where a program pays by a signature (x402); as secret as the page. Null: not here, or not with "
        "the assets of this session.",
        examples=[None, "https://pay.example/pay/pg_3f8k2m9x7c1vb5nq0wzt4r6hdj/x402"],
    )
    receipt_url: str | None = Field(
        description="The signed receipt, for the buyer and whoever wants to see it; null until the session is "
        "completed. Nobody can pay, cancel or name a refund address by it.",
        examples=["https://pay.example/receipt/rc_8f3b2c0d9e7a41b6a5c4d3e2f1908776"],
    )
    dashboard_url: str = Field(
        description="Where you see it, signed in: for a note in your order.",
        examples=["https://pay.example/dashboard/mer_01h455vb4pex5vsknk084sn02q/test/sessions/cs_01h455vb4pex5vsknk0"],
    )
    livemode: bool = Field(description="False: test mode, play money.", examples=[False])
    status: Status = Field(description="Where it is.", examples=["completed"])
    payment_status: PaymentStatus = Field(description="How much of the price has arrived.", examples=["paid"])
    issue: Issue | None = Field(
        description="What is odd about it; kept once settled; null: nothing.", examples=[None, "late"]
    )
    needs_decision: bool = Field(description="True while somebody must act on the issue.", examples=[False])
    amount: Fiat = Field(description="The price.")
    currency: Currency = Field(description="ISO 4217 code.", examples=["USD"])
    success_url: str = Field(description="As sent.", examples=["https://shop.example/thanks"])
    cancel_url: str = Field(description="As sent.", examples=["https://shop.example/basket"])
    email: str = Field(description="As sent.", examples=["pat@example.com"])
    name: str = Field(description="As sent.", examples=["Pat Doe"])
    metadata: dict[str, Any] = Field(description="As sent.", examples=[{"orderId": "1234567890"}])
    product_id: str = Field(description="As sent.", examples=["1234567890"])
    product_name: str = Field(description="As sent.", examples=["Winter box, 1 kg"])
    product_description: str = Field(description="As sent.", examples=["Apples and pears"])
    allowed_assets: list[str] = Field(description="As sent; empty: all assets.", examples=[["ETH", "USDC"]])
    reference: str | None = Field(description="The shop's order id, if one was sent.", examples=["order-1001"])
    locale: str | None = Field(
        description="Language of the page, if one was sent; else the buyer's browser decides.", examples=["de"]
    )
    supersedes: str | None = Field(
        description="The unpaid session that this one took the place of: money for it counts here, unless the treasury "
        "was changed in between.",
        examples=[None, "cs_01h455vb4pex5vsknk084sn02p"],
    )
    superseded_by: str | None = Field(
        description="The session that has this one's place. Follow that one: what was cancelled is not your order.",
        examples=[None, "cs_01h455vb4pex5vsknk084sn02r"],
    )
    customer_id: str = Field(description="The customer's id.", examples=["cus_01h455vb4pex5vsknk084sn02q"])
    customer: CustomerOfSession = Field(description="The buyer.")
    payment: PaymentDue | None = Field(description="What is due; null until an asset was picked.")
    payments: list[PaymentMade] = Field(
        description="What has arrived, oldest first; of more than 50, the largest. "
        "`GET /checkout/{id}/payments` pages through all."
    )
    payments_more: int = Field(
        description="How many more have arrived than `payments` lists. Sums and states are of all of them.",
        examples=[0],
    )
    refunds: list[RefundMade] = Field(
        description="What goes back, in the order in which it was asked for; the newest 50.", examples=[[]]
    )
    refunds_more: int = Field(description="How many older ones there are than `refunds` lists.", examples=[0])
    amount_refunded: Fiat = Field(
        description="What has gone back of the money that counts: confirmed refunds, at the rate chosen for each, and "
        "what you marked as refunded.",
        examples=[0],
    )
    amount_net: Fiat = Field(description="What has come and counts, less what has gone back.", examples=[49.00])
    expires_at: Timestamp = Field(description="When it ends unless paid.", examples=["2030-01-31T12:40:00.000Z"])
    created_at: Timestamp = Field(description="When it was made.", examples=["2030-01-31T11:40:00.000Z"])
    updated_at: Timestamp = Field(description="When its state last changed.")
    completed_at: Timestamp | None = Field(description="When it was paid and confirmed.")


class SessionEnd(Answer):
    """What of a session's answer becomes different when its time is over and nothing else has happened."""

    status: Status = Field(description="Where it is.", examples=["expired"])
    updated_at: Timestamp = Field(description="When its state last changed.")


class PresentState(Answer):
    """How a session stands when an event about it leaves, or is sent again. What the event itself tells may be old."""

    status: Status = Field(description="Where it is.", examples=["completed"])
    payment_status: PaymentStatus = Field(description="How much of the price is there.", examples=["paid"])
    issue: Issue | None = Field(description="What is odd about it; null: nothing.", examples=[None, "late"])
    needs_decision: bool = Field(description="True while somebody must act on the issue.", examples=[False])
    amount_refunded: Fiat = Field(description="What has gone back.", examples=[0])
    amount_net: Fiat = Field(description="What has come and counts, less what has gone back.", examples=[49.00])
    superseded_by: str | None = Field(
        description="The session that it was ended for.", examples=[None, "cs_01h455vb4pex5vsknk084sn02r"]
    )
    updated_at: Timestamp = Field(description="When its state last changed.")
    sequence: int = Field(description="The running number of its newest event.", examples=[3])


class SessionThen(Session):
    """A session as it was, and how it stands by now."""

    current: PresentState = Field(description="How it stands now: follow this, and no old message misleads you.")


class SessionEvent(EventHead):
    """An event about a session."""

    data: SessionThen = Field(description="The session as it was at that moment.")


class SessionWithRefund(Session):
    """A session, and one of its refunds."""

    refund: RefundMade = Field(description="The refund that the event is about.")


class RefundThen(SessionWithRefund):
    """A session and its refund as they were, and how the session stands by now."""

    current: PresentState = Field(description="How it stands now: follow this, and no old message misleads you.")


class RefundEvent(EventHead):
    """An event about a refund. It is numbered with the other events of the session."""

    data: RefundThen = Field(description="The session as it was at that moment, and the refund.")
