"""What one session's page shows beside the session: its payments explained, which webhooks were sent, what can be
decided."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from chains_app.networks.networks import all_networks
from chains_app.reading.scanning import heads_of
from common.money import amount_text
from sessions_app.books.fees import fee_booked
from sessions_app.models import BookLine, CheckoutSession, Letter, Payment, Refund, StatusChange
from sessions_app.models.refund import SENT_WITH
from sessions_app.paying.decisions import Case, case_of, early_case
from sessions_app.reading.session_words import decision_words, network_name
from sessions_app.state.representation import counted_ids, payment_state, sorted_payments, sorted_refunds
from sessions_app.status import DecisionKind, Issue, LetterOutcome, PaymentStatus, Status
from webhooks_app.models import Delivery, Event

_NOT_SENT = frozenset({LetterOutcome.REFUSED, LetterOutcome.GIVEN_UP})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPayment:
    """A payment with where to look it up and how far it is."""

    payment: Payment
    link: str | None  # the network's explorer
    collection: str | None  # of what collected it, there
    confirmations: int | None  # None: in no block, or vanished
    is_accepted: bool  # part of what was received, whatever was asked for

    @property
    def is_waiting(self) -> bool:
        """Whether it still needs confirmations."""
        return payment_state(self.payment) == "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRefund:
    """A refund with where to look it up, and what the network took for it, once that is booked."""

    refund: Refund
    link: str | None
    fee: BookLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A line of what happened: a change of state, a letter, or a note that somebody wrote."""

    at: datetime
    words: str
    actor: str = ""
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
            collection=transaction_link(payment.network, payment.collected_tx),
            confirmations=_depth(payment, heads.get(payment.network)),
            is_accepted=payment.public_id in counted,
        )
        for payment in payments
    ]


def refunds_shown(session: CheckoutSession) -> list[ShownRefund]:
    """In the order in which they were prepared; withdrawn ones too."""
    refunds = sorted_refunds(session)
    fees = _fees_of(session, refunds)
    return [ShownRefund(refund=each, link=refund_link(each), fee=fees.get(each.pk)) for each in refunds]


def deposit_link(session: CheckoutSession) -> str | None:
    """Where a human sees what the session's address has on the network that the buyer pays on, or paid on last."""
    payments = sorted_payments(session)
    paid_on = payments[-1].network if payments else session.quote.network if session.quote else ""
    network = all_networks().get(paid_on)
    return network.address_link(session.deposit.address) if network else None


def transaction_link(network_id: str, tx_hash: str) -> str | None:
    """Where a human sees a transaction; None without one, and without an explorer."""
    network = all_networks().get(network_id)
    return network.transaction_link(tx_hash) if network and tx_hash else None


def happenings_of(session: CheckoutSession) -> list[Happening]:
    """The timeline, and among it what the buyer did and was written, what was collected, the team's notes; newest
    first."""
    changes = [
        Happening(at=change.at, words=change.reason, actor=change.actor, tone=_tone_of(change), state=_became(change))
        for change in session.timeline.all()
    ]
    notes = [
        Happening(at=note.written_at, words=note.text, actor=note.author, note_id=note.pk)
        for note in session.notes.all()
    ]
    letters = [_of_letter(letter) for letter in session.letters.order_by("pk")]
    others = [*_way_to_pay(session), *_collections(session)]
    return sorted([*changes, *others, *letters, *notes], key=lambda each: each.at)[::-1]


def early_acceptance(session: CheckoutSession) -> Case | None:
    """What came so far, where it may be taken as paid though the session still runs."""
    return early_case(session) if session.status == Status.OPEN else None


def events_of(session: CheckoutSession) -> Iterable[Event]:
    """Which events were sent, newest first, with the state of each delivery."""
    return (
        Event.objects.filter(merchant=session.merchant, subject=session.public_id)
        .order_by("-subject_sequence")
        .prefetch_related(Prefetch("deliveries", Delivery.objects.select_related("endpoint")))
    )


def decisions_for(session: CheckoutSession) -> list[Choice]:
    """Answers to the open issue, the suggested one first; none when nothing is to be decided."""
    case = case_of(session)
    if case is None:
        return []
    worded = ((kind, *decision_words(kind, case.issue)) for kind in case.answers)
    return [Choice(kind=kind, label=label, effect=effect) for kind, label, effect in worded]


def _fees_of(session: CheckoutSession, refunds: Sequence[Refund]) -> dict[int, BookLine]:
    """By refund, of those whose fee is booked."""
    if not any(each.sent_with for each in refunds):
        return {}
    rows = Refund.objects.filter(session=session).alias(sent=SENT_WITH)
    rows = rows.annotate(fee=fee_booked("pk", "sent", session.merchant, session.mode)).exclude(fee=None)
    booked = dict(rows.values_list("pk", "fee"))
    lines = BookLine.objects.in_bulk(booked.values())
    return {refund: lines[fee] for refund, fee in booked.items()}


def _explorer_link(payment: Payment, recipient: str) -> str | None:
    network = all_networks().get(payment.network)
    if network is None:
        return None
    return network.explorer_link(tx_hash=payment.tx_hash, log_index=payment.log_index, recipient=recipient)


def refund_link(refund: Refund) -> str | None:
    """Where a human sees it; None while it is on no chain, and without an explorer."""
    network = all_networks().get(refund.network)
    if network is None or not refund.tx_hash:
        return None
    return network.explorer_link(tx_hash=refund.tx_hash, log_index=refund.log_index or 0, recipient=refund.to_address)


def _way_to_pay(session: CheckoutSession) -> Iterator[Happening]:
    """That the page was opened, and what was picked there first, by the buyer or by the shop for them."""
    if session.opened_at:
        yield Happening(at=session.opened_at, words="The buyer opened the page.")
    if first := session.quotes.order_by("pk").first():
        words = f"{first.asset} on {network_name(first.network)} was picked to pay with."
        yield Happening(at=first.created_at, words=words)


def _collections(session: CheckoutSession) -> Iterator[Happening]:
    """One for each transaction that collected of it, and asset."""
    collected: defaultdict[tuple[datetime, str, str, str, int], int] = defaultdict(int)
    for each in sorted_payments(session):
        if each.collected_at:
            of = (each.collected_at, each.collected_tx, each.network, each.asset, each.decimals)
            collected[of] += int(each.amount_units)
    for (at, _, network, asset, decimals), units in collected.items():
        words = f"{amount_text(units, decimals)} {asset} on {network_name(network)} was collected."
        yield Happening(at=at, words=words)


def _of_letter(letter: Letter) -> Happening:
    """What it told, and what became of it: accepted by a mail server, a letter may still lie among unwanted ones."""
    tries = f"tried {letter.tries} times" if letter.tries > 1 else ""
    became = LetterOutcome(letter.outcome).label if letter.outcome else "Waits to be sent"
    return Happening(
        at=letter.settled_at or letter.owed_at,
        words=f"Letter to the buyer: “{letter.get_kind_display()}”",
        tone="warn" if letter.outcome in _NOT_SENT else "",
        state=", ".join(filter(None, (became, tries))),
    )


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
