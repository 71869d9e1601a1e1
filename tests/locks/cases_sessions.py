"""Rules of sessions that are one: their state, decisions, refunds, collections, quotes, links, and what is erased."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone

from chains_app.calls.chain_calls import Emptied
from chains_app.networks.networks import network
from chains_app.receiving.deposits import Collection
from merchants_app.models import Merchant
from sessions_app.buyers.erasing import erase_rows
from sessions_app.collecting import collecting
from sessions_app.letters.at_once import name_address
from sessions_app.letters.sending import send_letters
from sessions_app.models import AddressChange, CheckoutSession, Decision, Payment, PaymentLink, Refund
from sessions_app.paying.decisions import decide
from sessions_app.paying.paying_again import pay_again
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.refund_states import Move, move
from sessions_app.paying.sandbox_clock import advance
from sessions_app.receipts.keys import rotate, signing_key
from sessions_app.refunding.address import confirm_change, leave_address
from sessions_app.refunding.refunds import play_refund, prepare_refund, withdraw_refund
from sessions_app.refunding.told import tell_transaction
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.selling import operator_acts
from sessions_app.selling.changing import change_session
from sessions_app.selling.creation import create_session
from sessions_app.selling.notes import add_note, remove_note
from sessions_app.selling.payment_links import open_link
from sessions_app.state import lifecycle
from sessions_app.state.expiry import settle_orders
from sessions_app.status import DecisionKind, RefundKind, RefundStatus
from tests.cast import OTTOS_WALLET, PATS_WALLET, agreed, refreshed
from tests.locks.breaking import Act, holds
from tests.locks.cases_business import an_operator
from tests.locks.stage import (
    SANDBOX,
    SEEN,
    confirmed,
    ended_unpaid,
    over_since,
    overpaid,
    owed_letter,
    shown,
    two_of_an_order,
    underpaid,
    waiting_for_money,
)


@holds("sessions_app.state.lifecycle.reassess_many")
def a_payment_that_a_session_is_told_of(mia: Merchant) -> Act:
    session = waiting_for_money(mia)
    shown(session, "49.00")
    return lambda: lifecycle.reassess(session.pk, SEEN)


@holds("sessions_app.state.expiry._tell", covers=4)
def a_session_whose_order_was_paid_by_another(mia: Merchant) -> Act:
    first, _ = two_of_an_order(mia)
    confirmed(first, "49.00")
    lifecycle.reassess(first.pk, SEEN)
    return settle_orders


@holds("sessions_app.state.lifecycle._end")
def a_cancellation(mia: Merchant) -> Act:
    session = waiting_for_money(mia)
    return lambda: lifecycle.cancel(session)


@holds("sessions_app.selling.superseding.open_in_place_of")
def a_session_in_place_of_another(mia: Merchant) -> Act:
    terms = agreed(reference="order-1")
    choose_option(
        session=create_session(merchant=mia, mode="test", terms=terms), asset="USDC", network="sandbox",
        now=timezone.now(),
    )  # fmt: skip
    dearer = agreed(reference="order-1", amount=Decimal(60))
    return lambda: create_session(merchant=mia, mode="test", terms=dearer, supersedes=True)


@holds("sessions_app.selling.superseding.open_after")
def a_session_that_is_paid_again(mia: Merchant) -> Act:
    ended = ended_unpaid(mia)
    return lambda: pay_again(ended, now=timezone.now())


@holds("sessions_app.selling.changing.change_session")
def a_session_that_is_changed(mia: Merchant) -> Act:
    session = waiting_for_money(mia)
    return lambda: change_session(session, {"email": "new@example.com", "name": "Pat Married"}, actor="key")


@holds("sessions_app.paying.sandbox_clock.advance", covers=10)
def time_that_passes_for_a_business(mia: Merchant) -> Act:
    waiting_for_money(mia)
    return lambda: advance(merchant=mia, mode="test", by=timedelta(hours=2), actor="key")


@holds("sessions_app.state.lifecycle.expire_overdue")
def a_batch_that_expires(mia: Merchant) -> Act:
    """One that nobody ever picked an option for, and one with a price."""
    over_since(create_session(merchant=mia, mode="test", terms=agreed()), minutes=1)
    over_since(waiting_for_money(mia), minutes=1)
    return lambda: lifecycle.expire_overdue(10)


@holds("sessions_app.selling.operator_acts.expire")
def a_session_that_an_operator_ends(mia: Merchant) -> Act:
    by, session = an_operator(), waiting_for_money(mia)
    return lambda: operator_acts.expire(session, by=by)


@holds("sessions_app.state.lifecycle.decide")
def a_decision_that_is_written(mia: Merchant) -> Act:
    session = underpaid(mia)
    return lambda: lifecycle.decide(
        Decision(session=session, kind=DecisionKind.ASK_REST, issue=session.issue, actor="mia@example.com"),
        reopen_minutes=30,
    )


@holds("sessions_app.paying.decisions.settle")
def a_decision_with_its_audit_line(mia: Merchant) -> Act:
    session = underpaid(mia)
    return lambda: decide(session=session, kind=DecisionKind.ACCEPT, actor="mia@example.com")


@holds("sessions_app.refunding.refunds.prepare_refund")
def a_refund(mia: Merchant) -> Act:
    session = overpaid(mia)
    return lambda: refund(session)


@holds("sessions_app.refunding.refunds.withdraw_refund")
def a_refund_that_is_not_sent(mia: Merchant) -> Act:
    prepared = refund(overpaid(mia))
    return lambda: withdraw_refund(prepared, actor="mia@example.com", now=timezone.now())


@holds("sessions_app.paying.refund_states.move")
def a_refund_that_moves(mia: Merchant) -> Act:
    prepared = refund(overpaid(mia))

    def act() -> None:
        present = Refund.objects.get(pk=prepared.pk)
        move([Move(refund=present, to=RefundStatus.WITHDRAWN, reason="Withdrawn.")])

    return act


@holds("sessions_app.refunding.refunds.play_refund")
def a_refund_that_the_sandbox_sends(mia: Merchant) -> Act:
    prepared = refund(overpaid(mia))
    return lambda: play_refund(prepared, now=timezone.now(), actor="mia@example.com")


@holds("sessions_app.refunding.told.tell_transaction")
def a_refunds_transaction_that_is_told(mia: Merchant) -> Act:
    prepared = refund(overpaid(mia))
    return lambda: tell_transaction(prepared, "0x" + "5" * 64, actor="mia@example.com")


def refund(session: CheckoutSession) -> Refund:
    wish = Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.AMOUNT, Decimal("11.00")))
    return prepare_refund(session=session, wish=wish, actor="mia@example.com")


@holds("sessions_app.refunding.address.leave_address")
def the_first_refund_address(mia: Merchant) -> Act:
    session = waiting_for_money(mia)
    return lambda: leave_address(refreshed(session), PATS_WALLET)


@holds("sessions_app.letters.sending._send", apart=1)
def a_letter_to_a_buyer(mia: Merchant) -> Act:
    """That it is tried is noted before."""
    owed_letter(mia)
    return lambda: send_letters(timezone.now())


@holds("sessions_app.receipts.keys.rotate")
def another_key_for_receipts(_mia: Merchant) -> Act:
    signing_key(timezone.now())
    return lambda: rotate(timezone.now())


@holds("sessions_app.refunding.address.begin_change", apart=1, covers=1)
def a_code_that_is_asked_for(mia: Merchant) -> Act:
    """First it is tried whether this is the first address; the code is mailed when the wish is noted, and apart."""
    session = overpaid(mia)
    return lambda: name_address(session, OTTOS_WALLET, now=timezone.now())


@holds("sessions_app.refunding.address.confirm_change", apart=2)
def another_refund_address(mia: Merchant) -> Act:
    """The test gives back the try that each code that is typed costs for good."""
    session = overpaid(mia)
    change = name_address(session, OTTOS_WALLET, now=timezone.now())
    assert change
    code = next(word for word in str(mail.outbox[-1].body).split() if word.isdigit() and len(word) == 6)

    def act() -> None:
        AddressChange.objects.filter(pk=change.pk).update(tries=0)
        confirm_change(session, change.public_id, code, now=timezone.now())

    return act


@holds("sessions_app.collecting.collecting.play_collection")
def a_collection_by_a_click(mia: Merchant) -> Act:
    overpaid(mia)
    return lambda: collecting.play_collection(
        merchant=mia, mode="test", network=SANDBOX, assets=SANDBOX.assets, by="mia@example.com", now=timezone.now()
    )


@holds("sessions_app.collecting.collecting.see_collection")
def a_collection_on_a_chain(mia: Merchant) -> Act:
    """What a node would say of the transaction is given: a deposit that was emptied in block 1."""
    session, chain = overpaid(mia), network("sepolia")
    Payment.objects.filter(session=session).update(network=chain.id)
    token = chain.assets["USDC"].contract
    assert token
    gone = Collection(PATS_WALLET, session.deposit.address, token, 60 * 10**6, True)
    answer = {"0x01": [Emptied(gone, block_number=1, tx_hash="0x01")]}

    def act() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(collecting, "collections_of", lambda network, hashes: answer)
            collecting.see_collection(merchant=mia, mode="test", network=chain, tx_hash="0x01", by="mia@example.com")

    return act


@holds("sessions_app.paying.quoting.choose_option")
def a_picked_option(mia: Merchant) -> Act:
    """With the piece of a link's stock, an address and a quote."""
    session = open_link(a_link(mia), email="pat@example.com", name="Pat Payer")
    return lambda: choose_option(session=refreshed(session), asset="USDC", network="sandbox", now=timezone.now())


@holds("sessions_app.selling.payment_links.open_link")
def a_buyer_at_a_link(mia: Merchant) -> Act:
    link = a_link(mia)
    return lambda: open_link(link, email="pat@example.com", name="Pat Payer")


def a_link(mia: Merchant) -> PaymentLink:
    """With one piece of stock."""
    return PaymentLink.objects.create(
        merchant=mia, mode="test", amount=Decimal(49), currency="USD", product_name="The last one", stock=1
    )


@holds("sessions_app.buyers.erasing.erase_rows")
def an_erased_buyer(mia: Merchant) -> Act:
    session = lifecycle.cancel(waiting_for_money(mia))
    confirmed_long_ago = timezone.now() - timedelta(days=1)
    CheckoutSession.objects.filter(pk=session.pk).update(watch_until=confirmed_long_ago)
    # By time, as all at once: with a search in between the last batch and the address are a transaction each.
    return lambda: erase_rows(session.customer, actor="time", now=timezone.now())


@holds("sessions_app.selling.notes.add_note")
def a_note_on_a_session(mia: Merchant) -> Act:
    session = waiting_for_money(mia)
    return lambda: add_note(session, text="They called.", actor="mia@example.com", now=timezone.now())


@holds("sessions_app.selling.notes.remove_note")
def a_note_that_is_removed(mia: Merchant) -> Act:
    session = waiting_for_money(mia)
    note = add_note(session, text="They called.", actor="mia@example.com", now=timezone.now())
    return lambda: remove_note(session, note_id=note.pk, actor="mia@example.com")
