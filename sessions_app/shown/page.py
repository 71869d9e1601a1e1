"""What the buyer's page shows: a pure view model of a session, its quote and its payments at an instant.

Everything comes in as arguments: no query, no clock. The templates under `templates/pay/` only lay it out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from django.utils.safestring import SafeString
from django.utils.translation import get_language

from sessions_app.models import Authorization, CheckoutSession, Payment
from sessions_app.paying.announcing import announced, refused
from sessions_app.paying.quoting import OfferedOption
from sessions_app.reading.amounts import address_groups, clock_text
from sessions_app.refunding.refundable import waiting_for_address
from sessions_app.selling.by_hand import NO_SHOP, leads_to_a_shop
from sessions_app.sentences import joined
from sessions_app.shown.due import Due, amount_of, due_of
from sessions_app.shown.fees import Fees
from sessions_app.shown.links import with_session_id
from sessions_app.shown.marks import sprite
from sessions_app.shown.notices import ends_soon, notices_of
from sessions_app.shown.offers import AssetOffer, marks_of, offers_of
from sessions_app.shown.order import Order, order_of
from sessions_app.shown.receipt import ReceiptLine, RefundLine, progress_of, receipt_of, refunds_of
from sessions_app.shown.said import said_of
from sessions_app.shown.scenarios import ScenarioButton, scenario_buttons
from sessions_app.shown.states import ENDED, LAST_MINUTES, PLAIN, State, Wanted, version_of
from sessions_app.shown.way import Sent, Step, sent_of, way_of
from sessions_app.shown.words import Facts, Notice, Said, as_news
from sessions_app.state.representation import receipt_url, sorted_payments, sorted_refunds
from sessions_app.status import PaymentStatus, Status

_STEPS = {
    State.CHOOSE: 1,
    State.SEND: 2,
    State.SENT: 2,
    State.PRICING: 2,
    State.LAPSED: 2,
    State.AWAY: 2,
    State.PROCESSING: 2,
    State.PAID: 3,
}

# Money is asked for.
_ASKING = {State.CHOOSE, State.SEND, State.LAPSED, State.AWAY}
_WITH_BUTTON = {State.PAID, State.PAUSED, State.ORDER_PAID, State.EXPIRED, State.CANCELLED}
# Money is asked for, and the time for it runs.
_RUNS_OUT = {State.CHOOSE, State.SEND, State.LAPSED}
# What may change by itself, soon.
_LOOKED_AT = {State.SEND, State.SENT, State.PRICING, State.LAPSED, State.AWAY, State.PAUSED}
# Of an open session, too: nobody cancels what was paid for.
_ON_ITS_WAY = {State.ORDER_PAID, State.SENT, State.PRICING, State.PROCESSING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How long the amount holds, or the time to pay, which ends with it."""

    until: datetime
    left: str
    is_shown: bool  # yet
    renews: bool  # when it has run down the price is renewed; else the session is over


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPage:
    """One view of the page."""

    token: str  # of its address
    id: str  # the session's: what the shop knows the payment by
    status: Status
    state: State
    step: int  # 1 choose, 2 send, 3 done; 0: ended without
    is_final: bool
    can_cancel: bool
    can_pay_again: bool
    version: str
    now: datetime

    order: Order
    said: Said
    notices: tuple[Notice, ...]
    marks: SafeString
    offers: tuple[AssetOffer, ...]
    is_changing: bool  # an option was picked; the buyer looks at the others
    due: Due | None
    asked: str  # the amount that is or was asked for: '0.0196 ETH'; empty before anything was picked
    clock: Clock | None
    wanted: Wanted
    sent: Sent | None
    undone_hash: str  # of what was sent, and the network refused; the page's script then asks the wallet anew
    is_looked_for: bool  # it is over, and a payment may be on its way
    way: tuple[Step, ...]
    receipt: tuple[ReceiptLine, ...]
    refunds: tuple[RefundLine, ...]
    is_sent_back: bool  # all that came
    is_asked_where: bool  # money goes back once the buyer has said where to
    may_be_refunded: bool  # money is there that the shop might send back: the buyer can say where to
    refund_address: list[str]  # in groups
    address: list[str]  # the session's, in groups; empty before there is one
    place: str  # names the address to the page's script without showing it; empty before there is one
    scenarios: tuple[ScenarioButton, ...]

    success_url: str
    receipt_url: str  # once it is paid
    is_mailed: bool  # a letter with the receipt is being sent, or was
    leads_back: bool  # to a shop's page; a payment link without one ends with the receipt
    cancel_url: str  # empty: there is no shop to go back to
    error: str = ""

    @property
    def is_open(self) -> bool:
        """Whether money is still asked for."""
        return self.state in _ASKING

    @property
    def asks_by_button(self) -> bool:
        """Whether a button leads to where a refund's address is left; elsewhere a line below the payments does."""
        return self.state in _WITH_BUTTON

    @property
    def has_offer(self) -> bool:
        """Something can be had right now."""
        return any(not offer.unavailable for offer in self.offers)

    @property
    def poll_seconds(self) -> int:
        """How often the page asks for news. After the end there may still be some (late money, a reversal)."""
        if self.is_final:
            return 10
        # "Paid" is to be on the page within 3 s of the confirming block, of which the watcher may need one.
        return 1 if self.state == State.PROCESSING else 2

    @property
    def refresh_seconds(self) -> int:
        """How often a browser without JavaScript loads the page again; 0: never, nothing will change by itself."""
        if self.state == State.CHOOSE and not self.has_offer:
            return 30
        if self.is_looked_for or self.state in _LOOKED_AT:
            return 15
        return 5 if self.state == State.PROCESSING else 0


def pay_page(
    *,
    session: CheckoutSession,
    state: State,
    options: Sequence[OfferedOption],
    heads: Mapping[str, int],
    now: datetime,
    fees: Fees,
    wanted: Wanted = PLAIN,
    error: str = "",
    unseen: str = "",
    unseen_since: datetime | None = None,
    can_pay_again: bool = False,
    by_shop: bool = False,
    signed: Authorization | None = None,
    is_mailed: bool = False,
    closed: Collection[str] = (),
    rows: str = "",
) -> PayPage:
    """The page of a session that came through `facts.with_facts`.

    `state` is its face, of the same `now`, `wanted` and `unseen` (`state_of`); `options` and `fees` are looked at only
    while choosing and sending; `heads` are the newest known blocks of the networks with unconfirmed payments; `error`
    is what a form's door refused; `unseen` the name of the network that it is being paid on, if that cannot be read;
    `signed` a payment that was handed over and of which nothing is known; `by_shop`: it cancelled the session itself;
    `closed` the networks that buyers are not sent to; `rows` the versions of all rows that this was read from
    (`paying/page_rows.py`).
    """
    said_sent = announced(session, now=now) if state in {State.SENT, State.EXPIRED, State.CANCELLED} else None
    sent = sent_of(said_sent, now=now) if said_sent else None
    payments = sorted_payments(session)
    due = due_of(session, fees=fees, closed=closed) if state == State.SEND or (state == State.AWAY and unseen) else None
    progress = progress_of(payments, heads=heads, now=now) if state == State.PROCESSING else None
    offers: tuple[AssetOffer, ...] = ()
    if state == State.CHOOSE:
        offers = offers_of(options, fees=fees, currency=session.currency, quote=session.quote)
    notices: tuple[Notice, ...] = ()
    if state != State.PRICING:
        notices = notices_of(session, payments=payments, now=now, asks=state in _ASKING, signed=signed)
    if state in _RUNS_OUT and not wanted.by_exchange and (warning := ends_soon(session, now=now)):
        notices = (*notices, warning)
    undone = refused(session)
    facts = Facts(
        session=session,
        payments=payments,
        due=due,
        sent=sent,
        progress=progress,
        wanted=wanted,
        has_offer=any(not offer.unavailable for offer in offers),
        unseen=unseen,
        unseen_since=unseen_since,
        now=now,
        is_signed=signed is not None,
        by_shop=by_shop,
    )
    return PayPage(
        token=session.page_token,
        id=session.public_id,
        status=Status(session.status),
        state=state,
        step=_STEPS.get(state, 0),
        is_final=state in ENDED,
        can_cancel=session.status == Status.OPEN and state not in _ON_ITS_WAY,
        can_pay_again=can_pay_again,
        version=version_of(
            session,
            rows,
            state=state,
            language=get_language() or "",
            wanted=wanted,
            now=now,
            is_signed=signed is not None,
        ),
        now=now,
        order=order_of(session, is_open=state not in {State.EXPIRED, State.CANCELLED}),
        said=_with_news(said_of(state, facts), notices, state),
        notices=notices,
        marks=sprite(_marks(offers, due)),
        offers=offers,
        is_changing=session.quote is not None,
        due=due,
        asked=amount_of(session.quote) if state == State.LAPSED and session.quote else _asked(due),
        clock=_clock(due, session, wanted, now) if state == State.SEND else None,
        wanted=wanted,
        sent=sent,
        undone_hash=undone.known_hash if undone else "",
        is_looked_for=state in {State.EXPIRED, State.CANCELLED} and facts.is_under_way,
        way=way_of(sent=sent, progress=progress, shop=session.merchant.name),
        receipt=receipt_of(session, payments=payments),
        refunds=refunds_of(sorted_refunds(session)),
        is_sent_back=session.payment_status == PaymentStatus.REFUNDED,
        is_asked_where=bool(waiting_for_address(session)),
        may_be_refunded=_may_be_refunded(session, payments),
        refund_address=address_groups(session.refund_address) if session.refund_address else [],
        address=address_groups(session.deposit.address) if hasattr(session, "deposit") else [],
        place=_place(session),
        scenarios=scenario_buttons(session) if session.mode == "test" else (),
        success_url=with_session_id(session.success_url, session.public_id),
        receipt_url=receipt_url(session) if state == State.PAID else "",
        is_mailed=is_mailed,
        leads_back=leads_to_a_shop(session),
        cancel_url="" if session.cancel_url == NO_SHOP else session.cancel_url,
        error=error,
    )


def _with_news(said: Said, notices: Sequence[Notice], state: State) -> Said:
    """What stands in notices is told as well. Where money is asked for it comes in the place of "waiting"."""
    news = [as_news(notice.title) for notice in notices if notice.is_news]
    if not news:
        return said
    usual = [] if state in _ASKING else [said.news]
    tones = {said.tone, *(notice.tone for notice in notices)}
    return replace(said, news=joined([*usual, *news]), tone="warn" if "warn" in tones else notices[0].tone)


def _place(session: CheckoutSession) -> str:
    """The same for the session in this one's place, which has its address."""
    return sha256(session.deposit.address.encode()).hexdigest()[:16] if hasattr(session, "deposit") else ""


def _clock(due: Due | None, session: CheckoutSession, wanted: Wanted, now: datetime) -> Clock | None:
    """Of an amount that a rate moves, else of the last minutes to pay; not for an exchange, which nobody can hurry."""
    if due is None or wanted.by_exchange:
        return None
    until = due.holds_until if due.rate else session.expires_at
    is_shown = until - now <= LAST_MINUTES
    if not due.rate and not is_shown:
        return None
    return Clock(until=until, left=clock_text(until - now), is_shown=is_shown, renews=until < session.expires_at)


def _asked(due: Due | None) -> str:
    return f"{due.amount} {due.asset}" if due else ""


def _marks(offers: Sequence[AssetOffer], due: Due | None) -> set[str]:
    return marks_of(offers) | ({due.asset_mark, due.network_mark} if due else set())


def _may_be_refunded(session: CheckoutSession, payments: Sequence[Payment]) -> bool:
    """Not while all went as usual: a receipt that asks for a refund address only worries."""
    is_told = session.needs_decision or bool(session.refund_address) or bool(waiting_for_address(session))
    return is_told and any(payment.confirmed_at and not payment.vanished_at for payment in payments)
