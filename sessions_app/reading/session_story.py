"""A session's page begins with how it stands, in a sentence, and what it means for the shop."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from common.money import amount_text
from sessions_app.books.definitions import money_of_session
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import Case, case_of
from sessions_app.reading.session_words import amounts_of, headline_of, money, network_name, plain, without_rate
from sessions_app.state.counting import ZERO, Facts, came, unpriced
from sessions_app.state.evaluation import is_being_priced, is_left_paid, is_taken_back
from sessions_app.state.facts import facts_of
from sessions_app.state.representation import payment_state, received_value, sorted_payments, value_still_due
from sessions_app.status import Issue, PaymentStatus, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What stands on top of the page. `tone` as a chip's; `todo`: somebody has to do something."""

    headline: str
    sentences: tuple[str, ...] = ()
    warning: str = ""  # before all else
    tone: str = ""
    todo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The money of a session in its currency: what is final, at its worth when it arrived, and what became of it."""

    asked: Decimal
    arrived: Decimal
    confirming: Decimal
    refunded: Decimal

    @property
    def yours(self) -> Decimal:
        """What stays with the shop."""
        return self.arrived - self.refunded


def ledger_of(session: CheckoutSession) -> Ledger:
    """As the books have it."""
    booked = money_of_session(session)
    waiting = [each for each in sorted_payments(session) if payment_state(each) == "seen"]
    return Ledger(
        asked=session.amount,
        arrived=booked.received - booked.taken_back,
        confirming=sum((each.value or ZERO for each in waiting), ZERO),
        refunded=booked.refunded,
    )


def story_of(session: CheckoutSession, ledger: Ledger) -> Story:
    """How it stands. Times are the page's to tell."""
    if session.needs_decision:
        return _to_decide(session)
    if is_being_priced(facts_of(session), timezone.now()):
        return _pricing(session)
    match session.status:
        case Status.OPEN:
            return _open(session)
        case Status.PROCESSING:
            waiting = [each for each in sorted_payments(session) if payment_state(each) == "seen"]
            needed = max((each.confirmations_needed for each in waiting), default=0)
            return Story(
                headline=f"{money(received_value(session), session)} arrived and is being confirmed",
                sentences=(f"It is yours after {needed} confirmations; the order counts as paid then.",),
                tone="now",
            )
        case Status.COMPLETED:
            return _completed(session, ledger)
        case _:
            return _over(session)


def _to_decide(session: CheckoutSession) -> Story:
    is_reversed = session.issue == Issue.REVERSED
    return Story(
        headline=headline_of(session),
        warning="Do not send the goods, or stop them." if is_reversed else "",
        sentences=explained(session),
        tone="bad" if is_reversed else "warn",
        todo=True,
    )


def explained(session: CheckoutSession) -> tuple[str, ...]:
    """What an open issue means, below its headline: how much is missing or beyond the price, and what was allowed."""
    facts, case = facts_of(session), case_of(session)
    match session.issue:
        case Issue.UNDERPAID | Issue.LATE | Issue.PAID_TWICE if session.order_paid_by:
            return ("The order was paid by another session, so all of this is too much.",)
        case Issue.UNDERPAID | Issue.LATE:
            return _short(session, facts)
        case Issue.OVERPAID:
            return ("The order is paid; what is to be decided on is only what came above its price.",)
        case Issue.PAID_TWICE:
            return ("Another payment came after the order was paid.",)
        case Issue.WRONG_ASSET if case and case.value:
            return (f"Worth {money(case.value, session)} when it came: {_what_it_pays(case, facts)}.",)
        case Issue.WRONG_ASSET if any(p.value is None for p in facts.payments if not p.counts):
            return ("No rate says what it is worth.",)
        case Issue.WRONG_ASSET:
            return ("All of it goes back to the buyer, or has gone.",)
        case Issue.REVERSED:
            return (
                "The network took the payment back after it was final: the buyer has it again. This is rare, and as a "
                "rule nobody's trick.",
                "If the buyer pays again to the same address while it is watched, it counts for this order by itself.",
            )
        case _:
            return ()


def _what_it_pays(case: Case, facts: Facts) -> str:
    if not case.lacking:
        return "the order lacks nothing without it"
    covers = "covers" if case.is_enough else "does not cover"
    is_all = case.lacking == facts.needed
    return f"it {covers} {'the price' if is_all else 'what was missing of the price'}"


def _short(session: CheckoutSession, facts: Facts) -> tuple[str, ...]:
    if unknown := amounts_of(session, unpriced(facts)):
        return (f"No rate says what {unknown} was worth: it may be all that was due. Look before you ask for more.",)
    missing = session.amount - received_value(session)
    if missing <= facts.tolerance:
        return ("It covers the price, and came when the time was over.",)
    allowed = f"Your tolerance would have allowed {money(facts.tolerance, session)}."
    return (f"{money(missing, session)} is missing. {allowed}",)


def _pricing(session: CheckoutSession) -> Story:
    return Story(
        headline=f"{without_rate(session)} arrived; no rate says yet what it is worth",
        sentences=(
            "It counts as soon as the sources of rates answer and agree. If none does within an hour, it is for you to "
            "decide.",
        ),
        tone="now",
    )


def _open(session: CheckoutSession) -> Story:
    if session.payment_status == PaymentStatus.PARTIAL:
        due, whole = value_still_due(session), money(session.amount, session)
        return Story(
            headline=f"{plain(due, session)} of {whole} is still missing",
            sentences=("The buyer's page asks for the rest on the same address until its time is over.",),
            tone="warn",
        )
    quote = session.quote
    if quote is None:
        opened = "The buyer opened the page and" if session.opened_at else "The buyer"
        return Story(headline=f"{opened} has not picked how to pay yet", tone="now")
    due_units = amount_text(quote.amount_units, quote.decimals)
    return Story(headline=f"Waiting for {due_units} {quote.asset} on {network_name(quote.network)}", tone="now")


def _completed(session: CheckoutSession, ledger: Ledger) -> Story:
    facts = facts_of(session)
    if is_taken_back(facts):
        return Story(
            headline=headline_of(session), sentences=("You wrote it off: the order is not paid.",), tone="warn"
        )
    back = {PaymentStatus.REFUNDED: "Paid, and refunded", PaymentStatus.PARTIALLY_REFUNDED: "Paid, part refunded"}
    payments = [each for each in sorted_payments(session) if not each.vanished_at]
    sentences = []
    if payments and all(each.collected_at for each in payments):
        sentences.append("It lies in your treasury.")
    if ledger.refunded:
        sentences.append(f"{money(ledger.refunded, session)} went back to the buyer.")
    if is_left_paid(facts):
        sentences.append("The network took a payment back; you decided to leave the order paid.")
    elif ledger.arrived < session.amount and not ledger.refunded:
        sentences.append(f"{money(session.amount - ledger.arrived, session)} less than asked was taken as paid.")
    words = back.get(PaymentStatus(session.payment_status), f"{money(ledger.arrived, session)} arrived and is final")
    return Story(headline=words, sentences=tuple(sentences), tone="good")


def _over(session: CheckoutSession) -> Story:
    how = "Cancelled" if session.status == Status.CANCELLED else "Its time is over"
    if session.order_paid_by or session.superseded_by:
        return Story(headline=f"{how}: another session has its place")
    arrived = came(facts_of(session))  # also what has gone back since
    if not arrived:
        return Story(
            headline=f"{how}; nothing came", sentences=("Its address is still watched: what comes late is shown here.",)
        )
    return Story(headline=f"{how}; {plain(arrived, session)} of {money(session.amount, session)} arrived")
