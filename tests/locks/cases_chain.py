"""Rules of what is read beside the watcher that are one: refunds seen and done, and what is credited late."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from django.utils import timezone

from chains_app.models import SandboxBlock, SandboxTransfer, ScanCursor, SetAside
from chains_app.reading.scanning import Position
from chains_app.reading.set_aside import set_aside
from chains_app.sandbox.chain import send
from chains_app.sandbox.reader import SandboxReader
from merchants_app.models import Merchant
from sessions_app.collecting import undone
from sessions_app.models import Payment, Refund
from sessions_app.refunding.told import look_for_told
from sessions_app.refunding.undone import Found, store_found
from sessions_app.refunding.watch import Reading, conclude_refunds, sighting, store_refunds
from sessions_app.state.lifecycle import reassess
from sessions_app.watching import by_hand
from sessions_app.watching.astray import doubt_about
from sessions_app.watching.found_late import store
from sessions_app.watching.searches import ask_for_search
from sessions_app.watching.second_looks import read_again
from tests.locks.breaking import Act, holds
from tests.locks.cases_business import an_operator
from tests.locks.cases_sessions import refund
from tests.locks.stage import SANDBOX, SEEN, confirmed, overpaid, transfer_to, waiting_for_money
from tests.strangers.still_chain import StillChain

AT = Position(9, "0x9")


def read_up_to_nine() -> None:
    ScanCursor.objects.create(network="sandbox", block_number=9, block_hash="0x9", refunds_read=3)


@holds("sessions_app.refunding.watch.store_refunds")
def a_refund_that_is_seen(mia: Merchant) -> Act:
    read_up_to_nine()
    session = overpaid(mia)
    sent = refund(session)
    seen = replace(transfer_to(session, "1"), recipient=sent.to_address, amount_units=int(sent.amount_units))
    Refund.objects.filter(pk=sent.pk).update(told_tx=seen.tx_hash)
    sent.refresh_from_db()
    read = Reading(since=3, upto=9, at=AT)
    return lambda: store_refunds(SANDBOX, [sent], [seen], read=read, now=timezone.now())


@holds("sessions_app.refunding.told.look_for_told")
def a_refund_whose_transaction_is_looked_for(mia: Merchant) -> Act:
    """One that is there, in a block that was read already, and one that sends nothing of it."""
    read_up_to_nine()
    session = overpaid(mia)
    sent, other = refund(session), refund(overpaid(mia))
    block = SandboxBlock.objects.create(number=7, hash="0x7", mined_at=timezone.now())
    token = SANDBOX.assets["USDC"].contract
    row = send(recipient=sent.to_address, amount_units=int(sent.amount_units), contract=token, now=timezone.now())
    SandboxTransfer.objects.filter(pk=row.pk).update(block=block)
    Refund.objects.filter(pk__in=[sent.pk, other.pk]).update(told_tx=row.tx_hash)
    return lambda: look_for_told(SANDBOX, SandboxReader(SANDBOX))


@holds("sessions_app.watching.by_hand.decide")
def a_payment_that_an_operator_confirms(mia: Merchant) -> Act:
    """Its nodes contradict each other about it."""
    by, session = an_operator(), waiting_for_money(mia)
    confirmed(session, "49.00")
    Payment.objects.filter(session=session).update(confirmed_at=None)
    reassess(session.pk, SEEN)
    payment = Payment.objects.select_related("session__deposit", "session__merchant").get(session=session)
    set_aside(SANDBOX, [doubt_about(SANDBOX, payment)], timezone.now())
    return lambda: by_hand.decide(payment, is_there=True, by=by)


@holds("sessions_app.refunding.watch.conclude_refunds")
def a_refund_that_is_final(mia: Merchant) -> Act:
    sent = refund(overpaid(mia))
    Refund.objects.filter(pk=sent.pk).update(
        status="seen", tx_hash="0x05", log_index=1, block_number=5, block_hash="0x5"
    )
    sent.refresh_from_db()
    there = frozenset([sighting(sent)])

    def act() -> None:
        sent.refresh_from_db()
        conclude_refunds([sent], there=there, now=timezone.now())

    return act


@holds("sessions_app.refunding.undone.store_found")
def a_refund_that_a_branch_took_with_it(mia: Merchant) -> Act:
    """It was final, and had settled what was odd."""
    sent = refund(overpaid(mia))
    Refund.objects.filter(pk=sent.pk).update(
        status="seen", tx_hash="0x05", log_index=1, block_number=5, block_hash="0x5"
    )
    sent.refresh_from_db()
    conclude_refunds([sent], there=frozenset([sighting(sent)]), now=timezone.now())
    sent.refresh_from_db()
    assert sent.status == "confirmed"
    return lambda: store_found(Found(gone=[sent]), now=timezone.now())


@holds("sessions_app.collecting.undone.take_back_lost")
def a_collection_that_a_branch_took_with_it(mia: Merchant) -> Act:
    overpaid(mia).payments.update(collected_at=timezone.now(), collected_tx="0x07")

    def act() -> None:
        with patch.object(undone, "collections_of", lambda _network, hashes: dict.fromkeys(hashes)):
            undone.take_back_lost(SANDBOX, timezone.now())

    return act


@holds("sessions_app.watching.found_late.store")
def money_that_is_found_late(mia: Merchant) -> Act:
    read_up_to_nine()
    paid = transfer_to(waiting_for_money(mia), "49", block=5)
    return lambda: store(SANDBOX, [paid], at=AT)


@holds("sessions_app.watching.searches.ask_for_search")
def a_search_for_money(mia: Merchant) -> Act:
    session = waiting_for_money(mia)
    return lambda: ask_for_search(session=session, actor="mia@example.com", now=timezone.now())


@holds("sessions_app.watching.second_looks.read_again")
def a_payment_that_is_credited_late(mia: Merchant) -> Act:
    read_up_to_nine()
    paid = transfer_to(waiting_for_money(mia), "49", block=5)
    now = timezone.now()
    row = SetAside.objects.create(
        network="sandbox", what="receipt", place=paid.tx_hash, address=paid.recipient, first_block=5, last_block=5,
        first_at=now, last_at=now, try_at=now - timedelta(seconds=1),
    )  # fmt: skip
    chain = StillChain(SANDBOX, now=now)
    chain.shown = [paid]
    return lambda: read_again(SANDBOX, row, chain)
