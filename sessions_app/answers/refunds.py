"""A refund as the API answers it by itself: with whose it is, what is to be signed, and what may have been it."""

from typing import Literal

from pydantic import Field

from common.api.answer_types import Answer, Timestamp
from common.fiat.currencies import Currency
from sessions_app.answers.session import RefundMade


class RefundCall(Answer):
    """What the wallet signs that sends it: a plain transfer."""

    chain_id: int | None = Field(description="EIP-155 chain id; null: the sandbox.", examples=[8453])
    to: str = Field(
        description="Whom the transaction calls: the token's contract, or for the network's coin the buyer.",
        examples=["0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"],
    )
    value: str = Field(description="How much of the network's coin it carries, in its smallest unit.", examples=["0"])
    data: str = Field(description="Its data, in hexadecimal.", examples=["0xa9059cbb…"])


class RefundCandidate(Answer):
    """A transfer of the refund's amount to its address that anybody may have sent."""

    tx_hash: str = Field(description="Of its transaction.", examples=["0x" + "ab" * 32])
    sender: str | None = Field(
        description="Who sent it; null: unknown.", examples=["0x8ba1f109551bD432803012645Ac136ddd64DBA72"]
    )
    seen_at: Timestamp = Field(description="When it was seen.")


class Refund(RefundMade):
    """Money back to a buyer, from your own wallet."""

    object: Literal["refund"] = Field(default="refund", description="Always the same.", examples=["refund"])
    session_id: str = Field(description="Of the session.", examples=["cs_01h455vb4pex5vsknk084sn02q"])
    livemode: bool = Field(description="False: test mode, play money.", examples=[False])
    currency: Currency = Field(description="ISO 4217 code, of `value`.", examples=["USD"])
    buyer_url: str = Field(
        description="Where the buyer says where to. Secret, as the session's `url`.",
        examples=["https://pay.example/pay/pg_3f8k2m9x7c1vb5nq0wzt4r6hdj/refund"],
    )
    sign_url: str = Field(
        description="Where your wallet signs it, in the dashboard.",
        examples=["https://pay.example/dashboard/mer_…/test/sessions/cs_…/refund/ref_…"],
    )
    call: RefundCall | None = Field(description="What to sign elsewhere; null unless it is prepared.")
    told_tx_hash: str | None = Field(
        description="The transaction that it is said to be; believed once the chain shows it.",
        examples=[None, "0x" + "ab" * 32],
    )
    problem: str | None = Field(
        description="Why that transaction cannot be it; null: nothing is known against it.",
        examples=[None, "This transaction failed on the network."],
    )
    candidates: list[RefundCandidate] = Field(
        description="Transfers of as much to the same address, while it is none yet: say which it is, if any.",
        examples=[[]],
    )
