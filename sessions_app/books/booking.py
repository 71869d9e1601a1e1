"""The only writer of the books: lines that bring them in step with the facts, in the transaction that stores these.

Whoever stores that a payment is final, gone or collected, or that a refund is, calls this with what it was about. What
is booked already is told from the lines, so calling it twice writes nothing, and what was missed is made up for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext

from chains_app.networks.networks import all_networks
from common.money import to_whole
from merchants_app.businesses.days import booking_day
from merchants_app.models import TreasuryKind
from sessions_app.books.by_hand import Told, told_refunds
from sessions_app.books.fees import take_back_fees_of_nothing
from sessions_app.books.worths import Worth, Worths
from sessions_app.models import BookLine, CheckoutSession, LineKind, Payment, Refund, UnbookedFee
from sessions_app.state.back import PRECISION
from sessions_app.status import RefundStatus

_RATE_STEP = Decimal(1).scaleb(-18)
_SESSION = ("id", "currency", "mode", "merchant", "treasury")
_OF_PAYMENT = [
    "network", "asset", "decimals", "amount_units", "basis", "rate", "value", "arrived_at", "confirmed_at",
    "first_confirmed_at", "vanished_at", "collected_at", "collected_tx",
    *(f"session__{name}" for name in _SESSION), "session__merchant__reporting_currency",
    "session__merchant__time_zone", "session__merchant__months_closed_to", "session__treasury__kind",
]  # fmt: skip


def book_payments(keys: Collection[int], *, now: datetime, began_at: datetime | None = None) -> int:
    """Brings the books in step with these payments, which are locked; returns how many lines that took.

    What was known before `began_at` counts for its own month, though that is long closed: nobody kept books then.
    """
    if not keys:
        return 0
    rows = Payment.objects.filter(pk__in=keys, amount_units__gt=0).order_by("pk")
    payments = list(rows.select_related("session__merchant", "session__treasury").only(*_OF_PAYMENT))
    writer = _Writer(now=now, began_at=began_at)
    histories = _histories("payment", keys)
    valued = [
        each
        for each in payments
        if (each.confirmed_at or each.first_confirmed_at)
        and (not histories[each.pk] or _is_valued_late(each, _History(histories[each.pk])))
    ]
    worths = Worths({each.session_id for each in valued}, now=now)
    for payment in payments:
        _book_payment(payment, _History(histories[payment.pk]), worths, writer)
    return writer.write()


def book_refunds(keys: Collection[int], *, now: datetime, began_at: datetime | None = None) -> int:
    """The same for refunds, whose sessions are locked."""
    if not keys:
        return 0
    writer, worths, histories = _Writer(now=now, began_at=began_at), Worths((), now=now), _histories("refund", keys)
    for refund in Refund.objects.filter(pk__in=keys).select_related("session__merchant").order_by("pk"):
        history = _History(histories[refund.pk])
        is_back = history.stands(LineKind.REFUNDED, LineKind.REFUND_TAKEN_BACK)
        if refund.status == RefundStatus.CONFIRMED and not is_back:
            at = refund.seen_at or refund.confirmed_at or now
            own = Worth(
                value=refund.value, rate=refund.rate, sources=f"refund: rate {refund.rate_basis}", at=refund.created_at
            )
            line = _line_of(refund, history.next(LineKind.REFUNDED), at, worths, own)
            line.refund, line.tx_hash = refund, refund.sent_with
            writer.add(line, learned_at=refund.confirmed_at, session=refund.session)
            writer.ask_fee(refund.session, refund.network, refund.sent_with)
        elif is_back and refund.status not in {RefundStatus.CONFIRMED, RefundStatus.SEEN}:
            gone = history.last(LineKind.REFUNDED)
            writer.undo(gone, history.next(LineKind.REFUND_TAKEN_BACK), at=now, session=refund.session)
            writer.take_back_fee(refund.session, refund.network, gone.tx_hash)
    return writer.write()


def book_told_refunds(sessions: Collection[int], *, now: datetime, began_at: datetime | None = None) -> int:
    """The same for what people say they have sent back without a refund of ours, in these locked sessions."""
    writer, worths = _Writer(now=now, began_at=began_at), Worths((), now=now)
    for session, told in told_refunds(sessions):
        _book_told(session, told, worths, writer)
    return writer.write()


@dataclass
class _History:
    """The lines of one payment, refund or the like, oldest first, and those that are being added."""

    lines: list[BookLine]

    def stands(self, kind: LineKind, undone: LineKind) -> bool:
        return self._count(kind) > self._count(undone)

    def last(self, kind: LineKind) -> BookLine:
        return [line for line in self.lines if line.kind == kind][-1]

    def next(self, kind: LineKind) -> BookLine:
        """A new line of it, still without what it is about."""
        line = BookLine(kind=kind, turn=self._count(kind) + 1)
        self.lines.append(line)
        return line

    def _count(self, kind: LineKind) -> int:
        return sum(line.kind == kind for line in self.lines)


@dataclass
class _Writer:
    """What is to be written at the end, at once."""

    now: datetime
    began_at: datetime | None = None
    lines: list[BookLine] = field(default_factory=list)
    fees: list[UnbookedFee] = field(default_factory=list)
    fees_back: list[UnbookedFee] = field(default_factory=list)

    def add(self, line: BookLine, *, learned_at: datetime | None, session: CheckoutSession) -> None:
        before_books = learned_at if self.began_at and learned_at and learned_at < self.began_at else None
        line.session, line.merchant, line.mode = session, session.merchant, session.mode
        line.reporting_currency = line.reporting_currency or session.merchant.reporting_currency
        line.booked_on = booking_day(
            line.at,
            merchant=session.merchant,
            now=before_books or self.now,
            is_first_booking=before_books is not None,
        )
        self.lines.append(line)

    def undo(self, done: BookLine, line: BookLine, *, at: datetime, session: CheckoutSession) -> None:
        """`line` takes `done` back, or moves on what it brought: the same money at the same worth."""
        _copy(done, line)
        line.at = at
        self.add(line, learned_at=at, session=session)

    def ask_fee(self, session: CheckoutSession, network: str, tx_hash: str) -> None:
        if fee := self._fee(session, network, tx_hash):
            self.fees.append(fee)

    def take_back_fee(self, session: CheckoutSession, network: str, tx_hash: str) -> None:
        if fee := self._fee(session, network, tx_hash):
            self.fees_back.append(fee)

    def _fee(self, session: CheckoutSession, network: str, tx_hash: str) -> UnbookedFee | None:
        known = all_networks().get(network)
        if not tx_hash or known is None or not known.has_nodes:
            return None
        return UnbookedFee(merchant=session.merchant, mode=session.mode, network=network, tx_hash=tx_hash, at=self.now)

    def write(self) -> int:
        # Who was faster has written the same: that is no reason to undo what money does.
        BookLine.objects.bulk_create(self.lines, ignore_conflicts=True)
        UnbookedFee.objects.bulk_create(self.fees, ignore_conflicts=True)
        take_back_fees_of_nothing(self.fees_back, now=self.now)
        return len(self.lines)


def _book_payment(payment: Payment, history: _History, worths: Worths, writer: _Writer) -> None:
    """Received from the first time that it is final until it is gone; being confirmed anew takes nothing back."""
    session = payment.session
    received = history.stands(LineKind.RECEIVED, LineKind.TAKEN_BACK)
    collected = history.stands(LineKind.COLLECTED, LineKind.COLLECTION_TAKEN_BACK)
    is_there = payment.vanished_at is None and (received or payment.confirmed_at is not None)
    # Who has a key of the address has the money as soon as it is there.
    is_direct = session.treasury is not None and session.treasury.kind == TreasuryKind.XPUB
    is_collected = is_there and (payment.collected_at is not None or is_direct)
    # Lines are never changed: those of no known worth are taken back, and written anew with it.
    is_anew = is_there and _is_valued_late(payment, history)
    if collected and (is_anew or not is_collected):
        done = history.last(LineKind.COLLECTED)
        writer.undo(done, history.next(LineKind.COLLECTION_TAKEN_BACK), at=writer.now, session=session)
        if not is_collected:
            writer.take_back_fee(session, payment.network, done.tx_hash)
        collected = False
    if is_anew:
        writer.undo(history.last(LineKind.RECEIVED), history.next(LineKind.TAKEN_BACK), at=writer.now, session=session)
        received = False
    was_there = payment.vanished_at is not None and payment.first_confirmed_at is not None and not history.lines
    if not received and (is_there or was_there):
        line = _line_of(
            payment, history.next(LineKind.RECEIVED), payment.arrived_at, worths, worths.of_payment(payment)
        )
        line.payment = payment
        writer.add(line, learned_at=payment.confirmed_at or payment.first_confirmed_at, session=session)
    if (received or was_there) and not is_there:
        gone_at = payment.vanished_at or writer.now
        writer.undo(history.last(LineKind.RECEIVED), history.next(LineKind.TAKEN_BACK), at=gone_at, session=session)
    if is_collected and not collected:
        line, at = history.next(LineKind.COLLECTED), payment.collected_at or payment.arrived_at
        writer.undo(history.last(LineKind.RECEIVED), line, at=at, session=session)
        if payment.collected_at:
            line.tx_hash = payment.collected_tx
            writer.ask_fee(session, payment.network, payment.collected_tx)


def _is_valued_late(payment: Payment, history: _History) -> bool:
    """Whether it was final before a rate was known, and one is now."""
    stands = history.stands(LineKind.RECEIVED, LineKind.TAKEN_BACK)
    return stands and payment.value is not None and history.last(LineKind.RECEIVED).value is None


def _book_told(session: CheckoutSession, told: Told, worths: Worths, writer: _Writer) -> None:
    """The difference between what is told and what is booked of it."""
    history = _History(list(told.lines))
    units, value = told.unbooked()
    if not units:
        return
    kind = LineKind.REFUNDED if units > 0 else LineKind.REFUND_TAKEN_BACK
    line = history.next(kind)
    units, value = abs(units), abs(value)
    with localcontext(prec=PRECISION):
        rate = (value / to_whole(units, told.decimals)).quantize(_RATE_STEP)
    own = Worth(value=value, rate=rate, sources="told by hand", at=told.at)
    line.network, line.asset, line.decimals, line.amount_units = told.network, told.asset, told.decimals, units
    _value(line, told.at, session, worths, own)
    writer.add(line, learned_at=told.at, session=session)


def _line_of(about: Payment | Refund, line: BookLine, at: datetime, worths: Worths, own: Worth) -> BookLine:
    line.network, line.asset = about.network, about.asset
    line.decimals, line.amount_units = about.decimals, about.amount_units
    _value(line, at, about.session, worths, own)
    return line


def _value(line: BookLine, at: datetime, session: CheckoutSession, worths: Worths, own: Worth) -> None:
    reported = worths.reported(session, own, asset=line.asset, units=line.amount_units, decimals=line.decimals, at=at)
    line.at, line.currency = at, session.currency
    line.value, line.rate, line.rate_sources, line.rate_at = own.value, own.rate, own.sources, own.at
    line.reporting_value, line.reporting_rate = reported.value, reported.rate
    line.reporting_sources, line.reporting_rate_at = reported.sources, reported.at


_COPIED = (
    "network", "asset", "decimals", "amount_units", "currency", "value", "rate", "rate_sources", "rate_at",
    "reporting_currency", "reporting_value", "reporting_rate", "reporting_sources", "reporting_rate_at",
    "payment_id", "refund_id", "tx_hash",
)  # fmt: skip


def _copy(done: BookLine, line: BookLine) -> None:
    for name in _COPIED:
        setattr(line, name, getattr(done, name))


def _histories(cause: str, keys: Iterable[int]) -> defaultdict[int, list[BookLine]]:
    found: defaultdict[int, list[BookLine]] = defaultdict(list)
    for line in BookLine.objects.filter(**{f"{cause}__in": keys}).order_by("id"):
        found[getattr(line, f"{cause}_id")].append(line)
    return found
