"""What one session's page shows beside the session: its payments explained, which webhooks were sent, what can be
decided."""

from collections.abc import Iterable
from dataclasses import dataclass

from chains_app.networks.networks import all_networks
from chains_app.reading.scanning import heads_of
from sessions_app.models import CheckoutSession, Payment
from sessions_app.paying.decisions import case_of
from sessions_app.reading.session_words import decision_words
from sessions_app.state.representation import counted_ids, payment_state, sorted_payments
from sessions_app.status import DecisionKind
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


def _depth(payment: Payment, head: int | None) -> int | None:
    """Blocks on top of it, its own counted, as far as the network has been read."""
    if payment.block_number is None or payment.vanished_at or head is None:
        return None
    return max(0, head - payment.block_number + 1)
