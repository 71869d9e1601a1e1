"""All that is kept about one buyer, as the API, the dashboard and the command line hand it out."""

from typing import Any, Literal

from pydantic import Field

from common.api.answer_types import Answer, Timestamp
from sessions_app.answers.session import Session
from sessions_app.answers.shop import Customer
from sessions_app.status import DecisionKind, Status
from webhooks_app.answers import ExportedEvent


class StatusChange(Answer):
    """A line of a session's timeline."""

    at: Timestamp = Field(description="When.")
    status: Status = Field(description="What it became.", examples=["completed"])
    reason: str = Field(description="Why, in a sentence.", examples=["Paid."])


class DecisionMade(Answer):
    """What the business decided about odd money."""

    at: Timestamp = Field(description="When.")
    decision: DecisionKind = Field(description="Which.", examples=["accept"])
    note: str = Field(description="What they noted.", examples=["Asked on the phone."])


class Note(Answer):
    """What people of the business wrote down about a session."""

    at: Timestamp = Field(description="When.")
    text: str = Field(description="What.", examples=["Called: wants the blue one."])


class AuditLine(Answer):
    """What the business did with a session, a refund or the buyer."""

    at: Timestamp = Field(description="When.")
    action: str = Field(description="What was done.", examples=["refund.prepared"])
    subject: str = Field(description="Id of what it was done with.", examples=["cs_01h455vb4pex5vsknk084sn02q"])
    detail: dict[str, Any] = Field(description="What of it was kept.", examples=[{}])


class ExportedSession(Session):
    """A session with what is kept beside it."""

    refund_address: str | None = Field(
        description="Where the buyer wants money back; null: they did not say.",
        examples=["0x8ba1f109551bD432803012645Ac136ddd64DBA72"],
    )
    buyer_language: str | None = Field(description="What the buyer chose to read; null: nothing.", examples=["de"])
    timeline: list[StatusChange] = Field(description="What it has been, oldest first.")
    decisions: list[DecisionMade] = Field(description="What was decided about it, oldest first.")
    notes: list[Note] = Field(description="What was noted about it, oldest first.")


class BuyerExport(Answer):
    """All that is kept about one buyer, to be handed to them."""

    object: Literal["buyer"] = Field(default="buyer", description="Always the same.", examples=["buyer"])
    business: str = Field(description="Who keeps it.", examples=["Mia Coffee"])
    livemode: bool = Field(description="False: test mode, play money.", examples=[False])
    exported_at: Timestamp = Field(description="When it was put together.")
    customer: Customer = Field(description="The buyer.")
    sessions: list[ExportedSession] = Field(description="Their sessions, oldest first.")
    events: list[ExportedEvent] = Field(description="The events of those sessions, and what each receiver answered.")
    audit_lines: list[AuditLine] = Field(description="What the business did with those sessions.")
    stored_answers: list[Any] = Field(
        description="Answers to requests with an Idempotency-Key that name the buyer; kept a day.", examples=[[]]
    )
