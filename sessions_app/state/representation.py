"""Fills in a session's answer (`answers/session.py`): where each of its fields comes from."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, overload

from django.conf import settings

from chains_app.calls.authorizations import takes_signed_transfers
from chains_app.networks.networks import PaymentOption, all_networks, find_option, payment_options
from chains_app.networks.payment_uris import payment_uri
from common.fiat.currencies import Currency
from common.modes import Mode
from common.money import amount_text, plain, to_minor_unit, units_due
from merchants_app.businesses.names import name_in_addresses
from merchants_app.businesses.switches import is_on
from merchants_app.models import Feature
from sessions_app.answers import session as answers
from sessions_app.models import CheckoutSession, Payment, Quote, Refund, receipt_token
from sessions_app.state.children import Session, has_address, payments_of, refunds_of
from sessions_app.state.counting import Facts, counted_payments, is_unpriced, net, received
from sessions_app.state.facts import facts_of
from sessions_app.state.session_view import PaymentView, QuoteView, RefundView, SessionView
from sessions_app.status import Issue, PaymentStatus, RefundRate, RefundStatus, Status

ZERO = Decimal(0)
AnyPayment = Payment | PaymentView
AnyRefund = Refund | RefundView


# Anybody can send to an address as often as they like: of more than that, the largest are listed.
MOST_LISTED = 50


def represent(session: Session, *, most: int | None = MOST_LISTED) -> answers.Session:
    """The session's answer. Without further query when it was read as a view, or came through `facts.with_facts`.

    At most so many payments and refunds are listed (None: all); what is summed up is all of them.
    """
    facts = facts_of(session) if has_address(session) else None
    counted = _ids_of(facts)
    customer = session.customer
    payments, refunds = list[AnyPayment](sorted_payments(session)), list[AnyRefund](sorted_refunds(session))
    return answers.Session(
        id=session.public_id,
        url=page_url(session),
        x402_url=x402_url(session),
        receipt_url=receipt_url(session) if session.status == Status.COMPLETED else None,
        dashboard_url=dashboard_url(session),
        livemode=session.mode == Mode.LIVE,
        status=Status(session.status),
        payment_status=PaymentStatus(session.payment_status),
        issue=Issue(session.issue) if session.issue else None,
        needs_decision=session.needs_decision,
        amount=to_minor_unit(session.amount, session.currency),
        currency=Currency(session.currency),
        success_url=session.success_url,
        cancel_url=session.cancel_url,
        email=session.email,
        name=session.name,
        metadata=session.metadata,
        product_id=session.product_id,
        product_name=session.product_name,
        product_description=session.product_description,
        allowed_assets=list(session.allowed_assets),
        reference=session.reference,
        locale=session.locale or None,
        supersedes=session.supersedes,
        superseded_by=session.superseded_by,
        customer_id=customer.public_id,
        customer=answers.CustomerOfSession(id=customer.public_id, email=session.email, name=session.name),
        payment=_payment_due(session, facts, counted) if facts and session.quote_id else None,
        payments=[
            _payment(payment, session, counts=payment.public_id in counted)
            for payment in _largest(payments, most, counted)
        ],
        payments_more=len(payments) - min(len(payments), most or len(payments)),
        refunds=[represent_refund(refund, session.currency) for refund in _newest(refunds, most)],
        refunds_more=len(refunds) - min(len(refunds), most or len(refunds)),
        amount_refunded=to_minor_unit(facts.sent_back if facts else ZERO, session.currency),
        amount_net=to_minor_unit(net(facts) if facts else ZERO, session.currency),
        expires_at=session.expires_at,
        created_at=session.created_at,
        updated_at=session.updated_at,
        completed_at=session.completed_at,
    )


def represent_with_refund(session: CheckoutSession, refund_id: str) -> answers.SessionWithRefund:
    """The session, and beside it one of its refunds: what an event about a refund tells."""
    refund = next(each for each in refunds_of(session) if each.public_id == refund_id)
    return answers.SessionWithRefund(**dict(represent(session)), refund=represent_refund(refund, session.currency))


def _largest(payments: list[AnyPayment], most: int | None, counted: frozenset[str]) -> list[AnyPayment]:
    """Those that count before those that do not; in the order of their arrival all the same."""
    if most is None or len(payments) <= most:
        return payments
    by_size = sorted(payments, key=lambda p: (p.public_id in counted, p.value or ZERO, -p.id), reverse=True)
    kept = {payment.id for payment in by_size[:most]}
    return [payment for payment in payments if payment.id in kept]


def _newest(refunds: list[AnyRefund], most: int | None) -> list[AnyRefund]:
    return refunds if most is None else refunds[-most:]


def represent_payments(session: Session, payments: Sequence[AnyPayment]) -> list[answers.PaymentMade]:
    """Some of the session's payments, as its answer lists them."""
    counted = counted_ids(session)
    return [_payment(payment, session, counts=payment.public_id in counted) for payment in payments]


def represent_end(now: datetime) -> answers.SessionEnd:
    """What becomes different in the answer of an open session that nobody touched when its time is over."""
    return answers.SessionEnd(status=Status.EXPIRED, updated_at=now)


def dashboard_url(session: Session) -> str:
    """Where the merchant sees it."""
    place = f"{name_in_addresses(session.merchant_id)}/{session.mode}"
    return f"{settings.PUBLIC_URL}/dashboard/{place}/sessions/{session.public_id}"


def page_url(session: Session) -> str:
    """Where the buyer pays. Secret: whoever has it can cancel the payment, and say where a refund goes."""
    return f"{settings.PUBLIC_URL}/pay/{session.page_token}"


def x402_url(session: Session) -> str | None:
    """Where a program pays by a signature; None when nobody brings it to the chain, or no token of it takes one."""
    if not is_on(Feature.SIGNED_PAYMENTS):
        return None
    options = (each for each in payment_options(session.mode) if takes_signed_transfers(each))
    allowed = any(not session.allowed_assets or each.asset.symbol in session.allowed_assets for each in options)
    return f"{page_url(session)}/x402" if allowed else None


def receipt_url(session: Session) -> str:
    """Where a paid session's receipt is. It may be shown to others: nobody finds the buyer's page by it."""
    return f"{settings.PUBLIC_URL}/receipt/{receipt_token(session.page_token)}"


@overload
def sorted_payments(session: CheckoutSession) -> list[Payment]: ...
@overload
def sorted_payments(session: SessionView) -> list[PaymentView]: ...
def sorted_payments(session: Session) -> list[Any]:
    """In the order of their arrival."""
    if not has_address(session):
        return []
    return sorted(payments_of(session), key=lambda payment: (payment.arrived_at, payment.id))


@overload
def sorted_refunds(session: CheckoutSession) -> list[Refund]: ...
@overload
def sorted_refunds(session: SessionView) -> list[RefundView]: ...
def sorted_refunds(session: Session) -> list[Any]:
    """In the order in which they were prepared."""
    return sorted(refunds_of(session), key=lambda refund: refund.id) if has_address(session) else []


def received_value(session: Session) -> Decimal:
    """The worth of what counts and is there, in the session's currency, unrounded."""
    return received(facts_of(session))


def payable_option(quote: Quote | QuoteView) -> PaymentOption | None:
    """What the quote asks for; None when its network was switched off, or no longer lists the asset."""
    option = find_option(quote.network, quote.asset)
    return option if option and option.network.is_enabled else None


def value_still_due(session: Session, *, facts: Facts | None = None) -> Decimal:
    """What is to be paid yet, in the session's currency: nothing when less was taken as paid, when another session paid
    for the order, and while no rate says what has come is worth.
    """
    if session.status == Status.COMPLETED or session.order_paid_by:
        return ZERO
    facts = facts or facts_of(session)
    return ZERO if is_unpriced(facts) else max(session.amount - received(facts), ZERO)


def units_still_due(session: Session, quote: Quote | QuoteView, *, facts: Facts | None = None) -> int:
    """The same in base units at the quote's rate, rounded up to the display precision."""
    return units_asked(quote, value_still_due(session, facts=facts))


def units_asked(quote: Quote | QuoteView, value: Decimal) -> int:
    """What the page asks for by a quote while so much is due."""
    option = find_option(quote.network, quote.asset)
    display = option.asset.display_decimals if option else quote.decimals
    return units_due(value, quote.rate, decimals=quote.decimals, display_decimals=display) if value else 0


def counted_ids(session: Session) -> frozenset[str]:
    """The payments that make up what was received."""
    return _ids_of(facts_of(session) if has_address(session) else None)


def _ids_of(facts: Facts | None) -> frozenset[str]:
    return frozenset(fact.id for fact in counted_payments(facts)) if facts else frozenset()


def _payment_due(session: Session, facts: Facts, counted: frozenset[str]) -> answers.PaymentDue:
    """What is to be paid by the quote in force: the whole, what arrived of it, and what is still to be sent."""
    quote, deposit = session.quote, session.deposit
    assert quote is not None
    assert deposit is not None
    arrived = received(facts)
    rest = units_still_due(session, quote, facts=facts)
    payable = payable_option(quote) if rest else None
    return answers.PaymentDue(
        asset=quote.asset,
        network=quote.network,
        address=deposit.address,
        amount_due=amount_text(quote.amount_units, quote.decimals),
        amount_received=amount_text(_received_units(session, quote, counted), quote.decimals),
        amount_remaining=amount_text(rest, quote.decimals),
        value_received=to_minor_unit(arrived, session.currency),
        shortfall=to_minor_unit(max(session.amount - arrived, ZERO), session.currency),
        rate=plain(quote.rate),
        rate_sources=answers.RateOrigin.model_validate(quote.provenance),
        quote_expires_at=quote.valid_until,
        uri=payment_uri(option=payable, address=deposit.address, units=rest) if payable else None,
    )


def _received_units(session: Session, quote: Quote | QuoteView, counted: frozenset[str]) -> Decimal:
    """Of the quote's asset on its network, in base units; other assets show in `payments`."""
    return sum(
        (
            payment.amount_units
            for payment in payments_of(session)
            if payment.public_id in counted and (payment.asset, payment.network) == (quote.asset, quote.network)
        ),
        ZERO,
    )


def _payment(payment: Payment | PaymentView, session: Session, *, counts: bool) -> answers.PaymentMade:
    currency, network, deposit = session.currency, all_networks().get(payment.network), session.deposit
    assert deposit is not None
    return answers.PaymentMade(
        id=payment.public_id,
        status=payment_state(payment),
        asset=payment.asset,
        network=payment.network,
        amount=amount_text(payment.amount_units, payment.decimals),
        counts=counts,
        value=None if payment.value is None else to_minor_unit(payment.value, currency),
        rate=None if payment.rate is None else plain(payment.rate),
        rate_basis=payment.basis,
        sender=payment.sender,
        tx_hash=payment.tx_hash,
        explorer_url=network.explorer_link(
            tx_hash=payment.tx_hash, log_index=payment.log_index, recipient=deposit.address
        )
        if network
        else None,
        block_number=payment.block_number,
        confirmations_needed=payment.confirmations_needed,
        arrived_at=payment.arrived_at,
        confirmed_at=payment.confirmed_at,
        vanished_at=payment.vanished_at,
    )


def payment_state(payment: Payment | PaymentView) -> answers.PaymentState:
    """`seen`, `confirmed` or `vanished`."""
    if payment.vanished_at:
        return "vanished"
    return "confirmed" if payment.confirmed_at else "seen"


def represent_refund(refund: Refund | RefundView, currency: str) -> answers.RefundMade:
    """A refund as its session's answer lists it."""
    return answers.RefundMade(
        id=refund.public_id,
        status=RefundStatus(refund.status),
        asset=refund.asset,
        network=refund.network,
        amount=amount_text(refund.amount_units, refund.decimals),
        value=to_minor_unit(refund.value, currency),
        rate=plain(refund.rate),
        rate_basis=RefundRate(refund.rate_basis),
        address=refund.to_address or None,
        reason=refund.reason or None,
        tx_hash=refund.tx_hash or None,
        created_at=refund.created_at,
        prepared_at=refund.prepared_at,
        seen_at=refund.seen_at,
        confirmed_at=refund.confirmed_at,
        withdrawn_at=refund.withdrawn_at,
    )
