"""What one session's page shows beside the session: its payments explained, which webhooks were sent, what can be
decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chains_app.networks.networks import all_networks
from chains_app.reading.scanning import heads_of
from sessions_app.models import CheckoutSession, Payment, Refund, StatusChange
from sessions_app.paying.decisions import Case, case_of, early_case
from sessions_app.reading.session_words import decision_words
from sessions_app.state.representation import counted_ids, payment_state, sorted_payments, sorted_refunds
from sessions_app.status import DecisionKind, Issue, PaymentStatus, Status
from webhooks_app.models import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPayment:
    """A payment with where to look it up and how far it is."""

    payment: Payment
    link: str | None  # the network's explorer
    confirmations: int | None  # None: in no block, or vanished
    is_accepted: bool  # part of what was received, whatever was asked for

    @property
    def is_waiting(self) -> bool:
        """Whether it still needs confirmations."""
        return payment_state(self.payment) == "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRefund:
    """A refund with where to look it up."""

    refund: Refund
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A line of what happened: a change of state, or a note that somebody wrote."""

    at: datetime
    words: str
    actor: str
    tone: str = ""
    state: str = ""  # what it became, where that changed
    note_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A decision that would answer the open issue."""

    kind: DecisionKind
    label: str
    effect: str


def payments_of(session: CheckoutSession) -> list[ShownPayment]:
    """In the order of arrival."""
    payments, counted = sorted_payments(session), counted_ids(session)
    heads = heads_of({payment.network for payment in payments})
    return [
        ShownPayment(
            payment=payment,
            link=_explorer_link(payment, session.deposit.address),
            confirmations=_depth(payment, heads.get(payment.network)),
            is_accepted=payment.public_id in counted,
        )
        for payment in payments
    ]


def refunds_shown(session: CheckoutSession) -> list[ShownRefund]:
    """In the order in which they were prepared; withdrawn ones too."""
    return [ShownRefund(refund=each, link=_refund_link(each)) for each in sorted_refunds(session)]


def happenings_of(session: CheckoutSession) -> list[Happening]:
    """The timeline and the team's notes among it, newest first."""
    changes = [
        Happening(at=change.at, words=change.reason, actor=change.actor, tone=_tone_of(change), state=_became(change))
        for change in session.timeline.all()
    ]
    notes = [
        Happening(at=note.written_at, words=note.text, actor=note.author, note_id=note.pk)
        for note in session.notes.all()
    ]
    opened = []
    if session.opened_at:
        opened.append(Happening(at=session.opened_at, words="The buyer opened the page.", actor=""))
    return sorted([*changes, *opened, *notes], key=lambda each: each.at)[::-1]


def early_acceptance(session: CheckoutSession) -> Case | None:
    """What came so far, where it may be taken as paid though the session still runs."""
    return early_case(session) if session.status == Status.OPEN else None


def events_of(session: CheckoutSession) -> Iterable[Event]:
    """Which events were sent, newest first, with the state of each delivery."""
    return (
        Event.objects.filter(merchant=session.merchant, subject=session.public_id)
        .order_by("-subject_sequence")
        .prefetch_related("deliveries__endpoint")
    )


def decisions_for(session: CheckoutSession) -> list[Choice]:
    """Answers to the open issue, the suggested one first; none when nothing is to be decided."""
    case = case_of(session)
    if case is None:
        return []
    worded = ((kind, *decision_words(kind, case.issue)) for kind in case.answers)
    return [Choice(kind=kind, label=label, effect=effect) for kind, label, effect in worded]


def _explorer_link(payment: Payment, recipient: str) -> str | None:
    network = all_networks().get(payment.network)
    if network is None:
        return None
    return network.explorer_link(tx_hash=payment.tx_hash, log_index=payment.log_index, recipient=recipient)


def _refund_link(refund: Refund) -> str | None:
    network = all_networks().get(refund.network)
    if network is None or not refund.tx_hash:
        return None
    return network.explorer_link(tx_hash=refund.tx_hash, log_index=refund.log_index or 0, recipient=refund.to_address)


def _tone_of(change: StatusChange) -> str:
    if change.issue == Issue.REVERSED and change.needs_decision:
        return "bad"
    if change.needs_decision:
        return "warn"
    return "good" if change.to_status == Status.COMPLETED != change.from_status else ""


def _became(change: StatusChange) -> str:
    """The status that it went to, how much was paid then, and what was odd."""
    parts = [PaymentStatus(change.payment_status).label]
    if change.from_status != change.to_status:
        parts.insert(0, Status(change.to_status).label)
    if change.issue and Issue(change.issue).label not in parts:
        parts.append(Issue(change.issue).label)
    return ", ".join(map(str, parts)).capitalize()


def _depth(payment: Payment, head: int | None) -> int | None:
    """Blocks on top of it, its own counted, as far as the network has been read."""
    if payment.block_number is None or payment.vanished_at or head is None:
        return None
    return max(0, head - payment.block_number + 1)
