"""Coin from inside a contract whose block is given up: in another one it has another name, and is the same money."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from chains_app.calls.readers import reader_for
from chains_app.reading.reader import FROM_INSIDE, Transfer
from chains_app.sandbox.chain import mine, send, take_back
from sessions_app.models import CheckoutSession, DepositAddress
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.refundable import arrived
from sessions_app.refunding.refunds import play_refund
from sessions_app.state.representation import represent
from sessions_app.status import DecisionKind
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import Sightings, identity, take_in
from tests.cast import refreshed
from tests.sandbox import Sandbox, events_of
from tests.sessions_app.refunding.test_refunds import prepared

PRICE = Decimal("0.0196")  # in ETH
PART = Decimal("0.0100")


def from_inside(sandbox: Sandbox, session: CheckoutSession, amount: Decimal = PRICE, *, seconds: int = 5) -> None:
    """So much ETH in a block of its own: its hash is made of that block's."""
    sent(session, amount)
    sandbox.skip(milliseconds=10)
    sandbox.wait(seconds, session)


def sent(session: CheckoutSession, amount: Decimal = PRICE) -> None:
    name = {"tx_hash": f"0x{secrets.token_hex(32)}", "log_index": FROM_INSIDE}
    units = int(amount.scaleb(18))
    send(recipient=session.deposit.address, contract=None, amount_units=units, now=timezone.now(), **name)


def given_up(sandbox: Sandbox, session: CheckoutSession, *, seconds: int = 0) -> CheckoutSession:
    """The block that had it is replaced, and so many seconds pass before anything else is mined."""
    take_back(tx_hash=session.payments.latest("id").tx_hash, now=timezone.now())
    return sandbox.wait(seconds, session) if seconds else session


@pytest.fixture
def waiting(sandbox: Sandbox, session: CheckoutSession) -> CheckoutSession:
    choose_option(session=session, asset="ETH", network="sandbox", now=timezone.now())
    return refreshed(session)


def stands(session: CheckoutSession) -> tuple[str, str, str | None, bool]:
    return session.status, session.payment_status, session.issue, session.needs_decision


@pytest.mark.parametrize("seconds", [0, 3], ids=["in the blocks that replace it", "later"])
def test_it_is_the_same_payment(sandbox: Sandbox, waiting: CheckoutSession, seconds: int) -> None:
    from_inside(sandbox, waiting)
    before = waiting.payments.get()
    given_up(sandbox, waiting, seconds=seconds)
    from_inside(sandbox, waiting)
    after = waiting.payments.get()
    assert (after.public_id, after.value, after.arrived_at) == (before.public_id, before.value, before.arrived_at)
    assert after.tx_hash != before.tx_hash
    assert stands(refreshed(waiting)) == ("completed", "paid", None, False)


def test_what_only_moved_was_never_taken_back(sandbox: Sandbox, waiting: CheckoutSession) -> None:
    from_inside(sandbox, waiting)
    told = events_of(waiting)
    given_up(sandbox, waiting)
    from_inside(sandbox, waiting)
    assert events_of(waiting) == told


@pytest.mark.parametrize("seconds", [0, 3])
def test_what_went_back_of_it_went_back(sandbox: Sandbox, waiting: CheckoutSession, seconds: int) -> None:
    from_inside(sandbox, waiting)
    play_refund(prepared(refreshed(waiting), kind="full"), now=timezone.now())
    sandbox.wait(4, waiting)
    given_up(sandbox, waiting, seconds=seconds)
    from_inside(sandbox, waiting)
    after = refreshed(waiting)
    assert stands(after) == ("completed", "refunded", None, False)
    assert arrived(after) == []
    assert (represent(after).amount_refunded, represent(after).amount_net) == (Decimal("49.00"), 0)


def test_what_was_decided_on_it_is_decided(sandbox: Sandbox, waiting: CheckoutSession) -> None:
    sandbox.skip(hours=2)
    sandbox.look()
    from_inside(sandbox, waiting, PART)
    late = refreshed(waiting)
    assert stands(late) == ("expired", "partial", "late", True)
    tx_hash = "0x" + "77" * 32
    decide(session=late, kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash=tx_hash)
    given_up(sandbox, waiting, seconds=3)
    from_inside(sandbox, waiting, PART)
    after = refreshed(waiting)
    assert (after.needs_decision, arrived(after)) == (False, [])


def test_another_amount_is_another_payment(sandbox: Sandbox, waiting: CheckoutSession) -> None:
    from_inside(sandbox, waiting, PART)
    given_up(sandbox, waiting, seconds=3)
    from_inside(sandbox, waiting, PART + Decimal("0.0001"))
    assert waiting.payments.count() == 2


def test_so_is_as_much_again_and_what_comes_long_after(sandbox: Sandbox, waiting: CheckoutSession) -> None:
    from_inside(sandbox, waiting, Decimal("0.0098"))
    from_inside(sandbox, waiting, Decimal("0.0098"))
    assert stands(refreshed(waiting)) == ("completed", "paid", None, False)
    given_up(sandbox, waiting, seconds=3)
    sandbox.clock.shift(timedelta(hours=1, minutes=1))
    from_inside(sandbox, waiting, Decimal("0.0098"))
    assert waiting.payments.count() == 3


def test_of_two_alike_that_come_again_each_is_one(sandbox: Sandbox, waiting: CheckoutSession) -> None:
    for _ in range(2):
        from_inside(sandbox, waiting, Decimal("0.0098"))
    for payment in waiting.payments.all():
        take_back(tx_hash=payment.tx_hash, now=timezone.now())
    sandbox.wait(3, waiting)
    for _ in range(2):
        from_inside(sandbox, waiting, Decimal("0.0098"))
    assert waiting.payments.count() == 2
    assert stands(refreshed(waiting)) == ("completed", "paid", None, False)


HALF = Decimal("0.0098")


@pytest.fixture
def alike(sandbox: Sandbox, waiting: CheckoutSession) -> CheckoutSession:
    """Two payments of as much, one after the other."""
    for _ in range(2):
        from_inside(sandbox, waiting, HALF)
    return waiting


def test_what_is_gone_just_now_is_meant_and_not_what_was_gone_before(sandbox: Sandbox, alike: CheckoutSession) -> None:
    first, second = alike.payments.order_by("id")
    take_back(tx_hash=first.tx_hash, now=timezone.now())
    sandbox.wait(3, alike)
    take_back(tx_hash=second.tx_hash, now=timezone.now())
    from_inside(sandbox, alike, HALF)
    assert [bool(each.vanished_at) for each in alike.payments.order_by("id")] == [True, False]
    assert alike.payments.get(pk=second.pk).times_vanished == 0


def test_of_what_was_gone_before_the_nearest_in_time_is_meant(sandbox: Sandbox, alike: CheckoutSession) -> None:
    for payment in alike.payments.all():
        take_back(tx_hash=payment.tx_hash, now=timezone.now())
    sandbox.wait(3, alike)
    from_inside(sandbox, alike, HALF)
    assert [bool(each.vanished_at) for each in alike.payments.order_by("id")] == [True, False]


def found_elsewhere(sandbox: Sandbox, session: CheckoutSession) -> list[Transfer]:
    """What comes to light of the chain's newest blocks, which the watcher has not read."""
    sandbox.skip(seconds=2)
    return reader_for(sandbox.network).transfers(
        frozenset([session.deposit.address]), 1, mine(timezone.now()).number, wallets=frozenset()
    )


@pytest.mark.parametrize("is_gone", [True, False])
def test_nothing_is_put_where_another_payment_is(sandbox: Sandbox, waiting: CheckoutSession, *, is_gone: bool) -> None:
    from_inside(sandbox, waiting)
    from_inside(sandbox, waiting, PART)
    first, second = waiting.payments.select_related("session__deposit").order_by("id")
    if is_gone:
        waiting.payments.filter(pk=first.pk).update(vanished_at=timezone.now())
    there = found_elsewhere(sandbox, waiting)[-1]
    assert there.tx_hash == second.tx_hash
    again = {identity(first): replace(there, amount_units=int(first.amount_units))}
    with transaction.atomic():
        record(sandbox.network, Sightings(fresh=[], again=again, valued=[], eased=[]))
    after = waiting.payments.get(pk=first.pk)
    assert (after.tx_hash, after.confirmed_at is None) == (first.tx_hash, not is_gone)
    assert bool(after.vanished_at) == is_gone


def test_nobody_gets_another_holders_payment(
    sandbox: Sandbox, waiting: CheckoutSession, new_session: Callable[..., CheckoutSession]
) -> None:
    from_inside(sandbox, waiting)
    given_up(sandbox, waiting, seconds=3)
    successor = new_session()
    choose_option(session=successor, asset="ETH", network="sandbox", now=timezone.now())
    DepositAddress.objects.filter(session=waiting).update(passed_on_at=timezone.now())
    deposit = DepositAddress.objects.filter(session=successor)
    deposit.update(address=waiting.deposit.address, created_at=timezone.now())
    sent(waiting)
    sightings = take_in(sandbox.network, found_elsewhere(sandbox, waiting), timezone.now())
    assert (len(sightings.fresh), sightings.again) == (1, {})
    assert sightings.fresh[0].session == successor
