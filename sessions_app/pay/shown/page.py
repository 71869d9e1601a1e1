"""What the buyer's page shows: a pure view model of a session, its quote and its payments at an instant.

Everything comes in as arguments: no query, no clock. The templates under `templates/pay/` only lay it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext

from merchants_app.businesses.embedding import embedders
from sessions_app.models import CheckoutSession, Payment, Quote, Refund
from sessions_app.pay.shown.due import Due, due_of
from sessions_app.pay.shown.notices import Notice, notices_of
from sessions_app.pay.shown.offers import AssetOffer, offers_of
from sessions_app.pay.shown.receipt import Progress, ReceiptLine, RefundLine, progress_of, receipt_of, refunds_of
from sessions_app.pay.shown.scenarios import ScenarioButton, scenario_buttons
from sessions_app.pay.shown.sent import Sent, sent_of
from sessions_app.pay.shown.ways_back import with_session_id
from sessions_app.paying.announcing import announced
from sessions_app.paying.quoting import OfferedOption
from sessions_app.reading.amounts import cut, masked_email, money_text
from sessions_app.state.representation import sorted_payments
from sessions_app.status import Issue, Status


class State(StrEnum):
    """Which face the page has."""

    CHOOSE = "choose"
    SEND = "send"
    SENT = "sent"  # the buyer says so; the chain has not shown it yet
    LAPSED = "lapsed"  # the price no longer holds; the session still runs
    PAUSED = "paused"  # the shop is suspended: nobody is asked for money
    ORDER_PAID = "order_paid"  # by another session of its reference: nobody is asked for money
    PROCESSING = "processing"
    PAID = "paid"
    REVERSED = "reversed"  # it was paid, and the network took it back
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_ENDED = {
    Status.PROCESSING: State.PROCESSING,
    Status.COMPLETED: State.PAID,
    Status.EXPIRED: State.EXPIRED,
    Status.CANCELLED: State.CANCELLED,
}
_STEPS = {State.CHOOSE: 1, State.SEND: 2, State.SENT: 2, State.LAPSED: 2, State.PROCESSING: 2, State.PAID: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPage:
    """One view of the page."""

    token: str  # of its address
    id: str  # the session's: what the shop knows the payment by
    status: Status
    state: State
    step: int  # 1 choose, 2 send, 3 done; 0: ended without
    is_test: bool
    is_final: bool
    can_cancel: bool
    can_pay_again: bool
    version: str
    now: datetime

    shops: tuple[str, ...]  # whose pages may show this one in a frame, and are told how it goes
    merchant_name: str
    support_email: str
    price: str
    currency: str
    product_name: str
    product_description: str
    reference: str
    email: str

    headline: str
    announcement: str
    notices: tuple[Notice, ...]
    offers: tuple[AssetOffer, ...]
    is_changing: bool  # an option was picked; the buyer looks at the others
    due: Due | None
    sent: Sent | None
    progress: Progress | None
    receipt: tuple[ReceiptLine, ...]
    refunds: tuple[RefundLine, ...]
    may_be_refunded: bool  # money is there that the shop might send back: the buyer can say where to
    refund_address: str
    scenarios: tuple[ScenarioButton, ...]

    expires_at: datetime
    success_url: str
    leads_back: bool  # to a shop's page; a payment link without one ends with the receipt
    cancel_url: str
    watch_until: datetime
    error: str = ""

    @property
    def is_open(self) -> bool:
        """Whether money is still asked for."""
        return self.state in {State.CHOOSE, State.SEND, State.LAPSED}

    @property
    def has_no_offer(self) -> bool:
        """The buyer is to choose, and nothing can be had right now."""
        return self.state == State.CHOOSE and all(offer.unavailable for offer in self.offers)

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
        if self.has_no_offer:
            return 30
        return {State.SEND: 15, State.SENT: 15, State.PAUSED: 15, State.PROCESSING: 5}.get(self.state, 0)


def pay_page(
    *,
    session: CheckoutSession,
    options: Sequence[OfferedOption],
    heads: Mapping[str, int],
    now: datetime,
    refunds: Sequence[Refund] = (),
    change: bool = False,
    again: bool = False,
    error: str | Promise = "",
    unseen: str = "",
    can_pay_again: bool = False,
) -> PayPage:
    """The page of a session that came through `facts.with_facts`.

    `options` are looked at only while choosing; `heads` are the newest known blocks of the networks with unconfirmed
    payments; `change` asks for the options again although one was picked, `again` for the address although a
    payment was announced; `error` is what a form's door refused; `unseen` the name of the network that it is being
    paid on, if that cannot be read.
    """
    state = state_of(session, now=now, change=change, again=again)
    said = announced(session, now=now) if state == State.SENT else None
    sent = sent_of(said, now=now) if said else None
    payments = sorted_payments(session)
    due = due_of(session, now=now) if state in {State.SEND, State.LAPSED} else None
    progress = progress_of(payments, heads=heads, now=now) if state == State.PROCESSING else None
    headline = sent.headline if sent else _headline(state, progress, unseen)
    notices = notices_of(session, payments=payments, due=due, progress=progress, sent=sent, now=now, unseen=unseen)
    return PayPage(
        token=session.page_token,
        id=session.public_id,
        status=Status(session.status),
        state=state,
        step=_STEPS.get(state, 0),
        is_test=session.mode == "test",
        is_final=state in {State.PAID, State.REVERSED, State.ORDER_PAID, State.EXPIRED, State.CANCELLED},
        can_pay_again=can_pay_again,
        can_cancel=session.status == Status.OPEN and state != State.ORDER_PAID,
        version=version_of(session, heads=heads, refunds=refunds, now=now, change=change, again=again, unseen=unseen),
        now=now,
        shops=tuple(embedders(session.merchant, session.mode)),
        merchant_name=session.merchant.name,
        support_email=session.merchant.support_email,
        price=money_text(session.amount, session.currency),
        currency=session.currency,
        product_name=cut(session.product_name, 250),
        product_description=cut(session.product_description, 1000),
        reference=session.reference or "",
        email=masked_email(session.email),
        headline=headline,
        announcement=" ".join([headline, *(f"{notice.title} {notice.text}" for notice in notices[:1])]),
        notices=notices,
        offers=offers_of(options, quote=session.quote) if state == State.CHOOSE else (),
        is_changing=session.quote is not None,
        due=due,
        sent=sent,
        progress=progress,
        receipt=receipt_of(session, payments=payments),
        refunds=refunds_of(refunds),
        may_be_refunded=_may_be_refunded(session, payments),
        refund_address=session.refund_address,
        scenarios=scenario_buttons(session) if session.mode == "test" else (),
        expires_at=session.expires_at,
        success_url=with_session_id(session.success_url, session.public_id),
        leads_back=session.payment_link_id is None or session.success_url != session.cancel_url,
        cancel_url=session.cancel_url,
        watch_until=session.watch_until,
        error=str(error),
    )


def state_of(session: CheckoutSession, *, now: datetime, change: bool = False, again: bool = False) -> State:
    """Which face to show. A session whose time is over but that nobody has expired yet already looks expired."""
    status = Status(session.status)
    if session.issue == Issue.REVERSED and session.needs_decision:
        return State.REVERSED
    if session.order_paid_by and status not in {Status.PROCESSING, Status.COMPLETED}:
        return State.ORDER_PAID
    if status != Status.OPEN:
        return _ENDED[status]
    if session.expires_at <= now:
        return State.EXPIRED
    if session.merchant.suspended_at:
        return State.PAUSED
    if session.quote is None or change:
        return State.CHOOSE
    if not again and announced(session, now=now):
        return State.SENT  # no new price either: what is on its way was sent at the one that the buyer saw
    return State.LAPSED if session.quote.valid_until <= now else State.SEND


def version_of(
    session: CheckoutSession,
    *,
    heads: Mapping[str, int],
    refunds: Sequence[Refund] = (),
    now: datetime,
    change: bool = False,
    again: bool = False,
    unseen: str = "",
) -> str:
    """Changes exactly when the page would look different, clocks aside: they run in the browser. For the ETag."""
    state = state_of(session, now=now, change=change, again=again)
    facts = [
        str(get_language()), state, session.status, session.payment_status, str(session.issue),
        str(session.needs_decision), _quote_part(session.quote), session.expires_at.isoformat(),
        # Prices beside the options are looked up anew once a minute, not every two seconds.
        now.strftime("%H:%M") if state == State.CHOOSE else "",
        session.refund_address, unseen, _announced_part(session, now) if state == State.SENT else "",
        *(_payment_part(payment, heads) for payment in sorted_payments(session)),
        *(f"{refund.public_id}:{bool(refund.seen_at)}:{bool(refund.confirmed_at)}" for refund in refunds),
    ]  # fmt: skip
    return sha256("|".join(facts).encode()).hexdigest()[:24]


def _quote_part(quote: Quote | None) -> str:
    return quote.public_id if quote else ""


def _announced_part(session: CheckoutSession, now: datetime) -> str:
    said = announced(session, now=now)
    return f"{said.at.isoformat()}:{said.tx_hash}:{sent_of(said, now=now).is_slow}" if said else ""


def _payment_part(payment: Payment, heads: Mapping[str, int]) -> str:
    if payment.confirmed_at or payment.vanished_at:
        return f"{payment.public_id}:{bool(payment.confirmed_at)}:{bool(payment.vanished_at)}"
    return f"{payment.public_id}:{payment.value}:{payment.block_number}:{heads.get(payment.network)}"


def _may_be_refunded(session: CheckoutSession, payments: Sequence[Payment]) -> bool:
    """Not while all went as usual: a receipt that asks for a refund address only worries."""
    is_to_decide = session.needs_decision or bool(session.refund_address)
    return is_to_decide and any(payment.confirmed_at and not payment.vanished_at for payment in payments)


def _headline(state: State, progress: Progress | None, unseen: str) -> str:
    if state == State.SEND and unseen:
        return gettext("We cannot see %(network)s at the moment") % {"network": unseen}
    if state == State.PROCESSING and progress is not None and progress.is_in_block:
        return gettext("Your payment has arrived")
    return {
        State.CHOOSE: gettext("Choose how to pay"),
        State.SENT: "",  # says its network's name: `sent.headline`
        State.SEND: gettext("Waiting for your payment"),
        State.LAPSED: gettext("The price needs renewing"),
        State.PAUSED: gettext("This shop takes no payments at the moment"),
        State.ORDER_PAID: gettext("Your order is paid already"),
        State.PROCESSING: gettext("We see your payment"),
        State.PAID: gettext("Paid"),
        State.REVERSED: gettext("The network took your payment back"),
        State.EXPIRED: gettext("The time to pay is over"),
        State.CANCELLED: gettext("This payment was cancelled"),
    }[state]
