"""Which face the buyer's page has."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sessions_app.models import CheckoutSession
from sessions_app.paying.announcing import announced
from sessions_app.paying.quoting import is_offered
from sessions_app.state.representation import payable_option
from sessions_app.status import Issue, Status


class State(StrEnum):
    """Which face the page has."""

    CHOOSE = "choose"
    SEND = "send"
    SENT = "sent"  # the buyer says so; the chain has not shown it yet
    LAPSED = "lapsed"  # the price no longer holds; the session still runs
    AWAY = "away"  # the network that was picked cannot be seen, or the way was switched off
    PAUSED = "paused"  # the shop is suspended: nobody is asked for money
    ORDER_PAID = "order_paid"  # by another session of its reference: nobody is asked for money
    PROCESSING = "processing"
    PAID = "paid"
    REVERSED = "reversed"  # it was paid, and the network took it back
    EXPIRED = "expired"
    CANCELLED = "cancelled"


ENDED = frozenset({State.PAID, State.REVERSED, State.ORDER_PAID, State.EXPIRED, State.CANCELLED})
_OF_STATUS = {
    Status.PROCESSING: State.PROCESSING,
    Status.COMPLETED: State.PAID,
    Status.EXPIRED: State.EXPIRED,
    Status.CANCELLED: State.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the buyer asked to see, by the page's query."""

    change: bool = False  # the options again, although one was picked
    again: bool = False  # the address, although a payment is said to be on its way
    by_exchange: bool = False  # what an exchange's withdrawal form asks for
    other_code: bool = False  # the second of the two QR codes


PLAIN = Wanted()


def state_of(session: CheckoutSession, *, now: datetime, wanted: Wanted = PLAIN, unseen: str = "") -> State:
    """Which face to show. A session whose time is over but that nobody has expired yet already looks expired.

    `unseen` is the network that it is being paid on, by name, if that cannot be read.
    """
    status = Status(session.status)
    if session.issue == Issue.REVERSED and session.needs_decision:
        return State.REVERSED
    if session.order_paid_by and status not in {Status.PROCESSING, Status.COMPLETED}:
        return State.ORDER_PAID
    if status != Status.OPEN:
        return _OF_STATUS[status]
    if session.expires_at <= now:
        return State.EXPIRED
    if session.merchant.suspended_at:
        return State.PAUSED
    if session.quote is None or wanted.change:
        return State.CHOOSE
    if not wanted.again and announced(session, now=now):
        return State.SENT  # no new price either: what is on its way was sent at the one that the buyer saw
    if unseen or payable_option(session.quote) is None:
        return State.AWAY
    if session.quote.valid_until > now:
        return State.SEND  # what was promised holds, whatever the shop has switched off since
    return State.LAPSED if is_offered(session, session.quote) else State.AWAY
