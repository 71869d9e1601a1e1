"""Which face the buyer's page has, and until when: its version, which its ETag names.

A version says which rows the page was made of, and until when these alone decide how it looks. So an open page that
asks for news can be told that there are none without being made again (`pay/unchanged.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from chains_app.networks.networks import all_networks
from sessions_app.models import CheckoutSession
from sessions_app.paying.announcing import announced, believed_until
from sessions_app.paying.quoting import is_offered
from sessions_app.shown.receipt import patience
from sessions_app.state.children import payments_of
from sessions_app.state.counting import counted_payments, covers
from sessions_app.state.evaluation import is_being_priced, is_taken_back
from sessions_app.state.facts import facts_of
from sessions_app.state.representation import payable_option
from sessions_app.status import COVERED, Status


class State(StrEnum):
    """Which face the page has."""

    CHOOSE = "choose"
    SEND = "send"
    SENT = "sent"  # the buyer says so; the chain has not shown it yet
    PRICING = "pricing"  # something arrived, and no rate says yet what it is worth: nothing more is asked for
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
# Rates, fees, and whether the shop sells it once more are no rows of the page: so old they may be.
_SOON = timedelta(minutes=1)
# Beside an amount that is promised there is only the fee; and the installation's settings change with a restart.
_AT_LAST = timedelta(minutes=5)
# Before its end: how long a payment needs that was not begun, and no reason to hurry until then.
LAST_MINUTES = timedelta(minutes=5)
_OF_OTHERS = {State.CHOOSE, State.AWAY, State.EXPIRED, State.CANCELLED}


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
    facts = facts_of(session)
    if is_taken_back(facts):
        return State.REVERSED
    if session.order_paid_by and status not in COVERED:
        return State.ORDER_PAID
    if is_being_priced(facts, now):
        return State.PRICING
    if status == Status.OPEN and covers(facts, counted_payments(facts)):
        return State.PROCESSING  # its payments were read after it, and had landed in between
    if status != Status.OPEN:
        return _OF_STATUS[status]
    if session.expires_at <= now:
        return State.EXPIRED
    if session.merchant.suspended_at:
        return State.PAUSED
    if not (wanted.change or wanted.again) and announced(session, now=now):
        return State.SENT  # no new price either: what is on its way was sent at the one that the buyer saw
    if session.quote is None or wanted.change:
        return State.CHOOSE
    if unseen or payable_option(session.quote) is None:
        return State.AWAY
    if session.quote.valid_until > now:
        return State.SEND  # what was promised holds, whatever the shop has switched off since
    return State.LAPSED if is_offered(session, session.quote, now) else State.AWAY


def version_of(
    session: CheckoutSession, rows: str, *, state: State, language: str, wanted: Wanted, now: datetime, is_signed: bool
) -> str:
    """For the ETag. `rows` are the versions that the page's rows have; `is_signed`: what was handed over is told."""
    soon = _SOON if is_signed or state in _OF_OTHERS else _AT_LAST
    until = min(at for at in (now + soon, *_changes(session)) if at >= now)
    return f"{_digest(rows, language, wanted)}-{int(until.timestamp())}"


def is_still_so(version: str, rows: str, *, language: str, wanted: Wanted, now: datetime) -> bool:
    """Whether the page would look as it did when it was given this version, clocks aside: they run in the browser."""
    digest, _, until = version.partition("-")
    if not (until.isascii() and until.isdecimal() and len(until) < 12):
        return False
    return digest == _digest(rows, language, wanted) and now < datetime.fromtimestamp(int(until), tz=UTC)


def _digest(rows: str, language: str, wanted: Wanted) -> str:
    return sha256(f"{rows}|{language}|{wanted}".encode()).hexdigest()[:24]


def _changes(session: CheckoutSession) -> Iterable[datetime]:
    """The moments at which the page looks otherwise though no row has changed."""
    yield session.expires_at - LAST_MINUTES
    yield session.expires_at
    yield session.watch_until
    if session.quote:
        yield session.quote.valid_until
    if said := getattr(session, "announcement", None):
        yield believed_until(session, said)
        yield said.at + _patience(said.network)
    for payment in payments_of(session):
        if payment.block_number is None:
            yield payment.seen_at + _patience(payment.network)


def _patience(network_id: str) -> timedelta:
    known = all_networks().get(network_id)
    return patience(known.block_seconds if known else 0)
