"""Sessions in the merchant's words: a chip for the list, a sentence for the decision queue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from chains_app.networks.networks import all_networks
from common.money import amount_text, to_minor_unit
from sessions_app.models import CheckoutSession, Payment
from sessions_app.state.children import Session
from sessions_app.state.counting import PaymentFact, wrong_left
from sessions_app.state.facts import facts_of
from sessions_app.state.representation import received_value, sorted_payments
from sessions_app.state.session_view import PaymentView
from sessions_app.status import TOO_MUCH, DecisionKind, Issue, PaymentStatus, Status, decision_name


@dataclass(frozen=True, slots=True)
class Chip:
    """A short state and its tone: good, warn, bad, now, or empty for quiet."""

    text: str
    tone: str = ""


_STATUS_CHIPS = {
    Status.OPEN: Chip("Open", "now"),
    Status.PROCESSING: Chip("Confirming", "now"),
    Status.COMPLETED: Chip("Completed", "good"),
    Status.EXPIRED: Chip("Expired"),
    Status.CANCELLED: Chip("Cancelled"),
}
_PAYMENT_CHIPS = {
    "seen": Chip("Confirming", "now"),
    "confirmed": Chip("Confirmed", "good"),
    "vanished": Chip("Gone", "bad"),
}

# What a decision does; `None` is any issue that is not named itself.
_EFFECTS: dict[DecisionKind, dict[Issue | None, str]] = {
    DecisionKind.ACCEPT: {
        None: "The session counts as paid, and your shop gets a webhook.",
        Issue.REVERSED: "You take the risk: the session stays completed.",
        **dict.fromkeys(TOO_MUCH, "Nothing is sent back; it stays in the books."),
    },
    DecisionKind.ASK_REST: {
        None: "The session opens again; the buyer sees what is missing, on the same address.",
    },
    DecisionKind.REFUNDED: {None: "You have sent it back from your wallet; the session notes the transaction."},
    DecisionKind.WRITE_OFF: {None: "Nothing more happens; it stays in the books."},
}


def decision_words(kind: DecisionKind, issue: Issue) -> tuple[str, str]:
    """Label of the button and what it does."""
    effects = _EFFECTS[kind]
    label = "Mark refunded" if kind == DecisionKind.REFUNDED else decision_name(kind, issue)
    return label, effects.get(issue) or effects[None]


def chips_of(session: Session) -> list[Chip]:
    """Where it is, and beside it what is odd."""
    state = _STATUS_CHIPS[Status(session.status)]
    if session.status == Status.OPEN and session.payment_status == PaymentStatus.PARTIAL:
        state = Chip("Partly paid", "warn")
    back = (PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED)
    states = (
        [state, Chip(str(PaymentStatus(session.payment_status).label))] if session.payment_status in back else [state]
    )
    if session.issue is None:
        return states
    return [*states, Chip(Issue(session.issue).label, "warn" if session.needs_decision else "")]


def payment_chip(state: str) -> Chip:
    """For `seen`, `confirmed`, `vanished`."""
    return _PAYMENT_CHIPS[state]


def headline_of(session: CheckoutSession) -> str:
    """What happened, as a sentence with the figures that a decision needs."""
    arrived = received_value(session)
    whole, unknown = money(session.amount, session), without_rate(session)
    match session.issue:
        case Issue.UNDERPAID | Issue.LATE if unknown:
            return f"{plain(arrived, session)} of {whole} arrived, and {unknown} that no rate is known for"
        case Issue.OVERPAID if unknown and arrived <= session.amount:
            return f"{unknown} arrived beside the price; no rate is known for it"
        case Issue.UNDERPAID:
            return f"{plain(arrived, session)} of {whole} arrived"
        case Issue.LATE:
            return f"{plain(arrived, session)} of {whole} arrived, some of it too late"
        case Issue.OVERPAID:
            return f"{money(arrived - session.amount, session)} too much arrived"
        case Issue.PAID_TWICE if session.order_paid_by:
            return f"{money(arrived, session)} arrived for an order that {session.order_paid_by} had paid"
        case Issue.PAID_TWICE:
            return f"Paid twice, {money(arrived - session.amount, session)} too much"
        case Issue.WRONG_ASSET:
            taken = ", ".join(session.allowed_assets)
            asked = f"only {taken} was asked for" if taken else "which the business had switched off"
            return f"{_wrong_assets(session)} arrived, {asked}"
        case Issue.REVERSED:
            return f"A payment is gone from the chain; {plain(arrived, session)} of {whole} is left"
        case _:
            return f"{plain(arrived, session)} of {whole} arrived"


def paid_with(session: Session) -> str:
    """`USDC on Base`: what arrived, or what the buyer chose; an en dash before that."""
    payments: Sequence[Payment | PaymentView] = sorted_payments(session)
    last = next((p for p in reversed(payments) if not p.vanished_at), None)
    named = last or session.quote
    return f"{named.asset} on {network_name(named.network)}" if named else "\u2013"


def money(amount: Decimal, session: CheckoutSession) -> str:
    """An amount of the session's currency, which is named."""
    return f"{plain(amount, session)} {session.currency}"


def plain(amount: Decimal, session: CheckoutSession) -> str:
    """The same without the currency, where one beside it has it."""
    return f"{to_minor_unit(amount, session.currency):,f}"


def network_name(network_id: str) -> str:
    """The name people know; the id of a network that the operator has taken out."""
    network = all_networks().get(network_id)
    return network.name if network else network_id


def payment_amount(payment: Payment) -> str:
    """`0.02 ETH`: all its digits."""
    return f"{amount_text(payment.amount_units, payment.decimals)} {payment.asset}"


def without_rate(session: CheckoutSession) -> str:
    """`0.02 ETH`: what counts, and no rate says what it is worth; empty as a rule."""
    came = [p for p in sorted_payments(session) if p.value is None and p.counts and not p.vanished_at]
    return " and ".join(map(payment_amount, came))


def amounts_of(session: CheckoutSession, facts: Iterable[PaymentFact]) -> str:
    """`0.02 ETH and 5 USDT`: of the payments that these facts are of."""
    ids = {fact.id for fact in facts}
    return " and ".join(payment_amount(each) for each in sorted_payments(session) if each.public_id in ids)


def _wrong_assets(session: CheckoutSession) -> str:
    facts = facts_of(session)
    wrong = [p for p in facts.payments if not p.counts and not p.vanished]
    return amounts_of(session, wrong_left(facts, wrong)) or "Another asset"
