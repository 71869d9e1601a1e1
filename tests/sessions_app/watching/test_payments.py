"""What is stored of a payment when the chain confirms or loses it: of that one, and of no other."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from chains_app.reading.reader import FROM_INSIDE, OWN_VALUE
from merchants_app.models import Merchant
from sessions_app.models import Payment
from sessions_app.watching.payments import confirm, mark_vanished, record
from sessions_app.watching.sightings import take_in
from tests.locks.stage import SANDBOX, shown, transfer_to, waiting_for_money

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def one(mia: Merchant) -> Payment:
    return shown(waiting_for_money(mia), "49.00")


@pytest.fixture
def other(otto: Merchant) -> Payment:
    return shown(waiting_for_money(otto), "49.00")


def marks(payment: Payment) -> tuple[object, ...]:
    """When it was confirmed, for the first time too, and when and how often it vanished."""
    kept = Payment.objects.get(pk=payment.pk)
    return kept.confirmed_at, kept.first_confirmed_at, kept.vanished_at, kept.times_vanished


def test_a_payment_that_the_chain_lost_is_gone_since_then_and_no_other(one: Payment, other: Payment) -> None:
    (news,) = mark_vanished(SANDBOX, [one], NOW).values()
    assert (news.vanished, news.arrived) == (True, False)
    assert marks(one) == (None, None, NOW, 1)
    assert marks(other) == (None, None, None, 0)
    assert mark_vanished(SANDBOX, [one], NOW + timedelta(minutes=1)) == {}  # it is gone once
    assert marks(one) == (None, None, NOW, 1)


def test_a_payment_keeps_when_it_was_confirmed_first(one: Payment, other: Payment) -> None:
    assert list(confirm(SANDBOX, [one], NOW)) == [one.session_id]
    assert marks(one) == (NOW, NOW, None, 0)
    assert marks(other) == (None, None, None, 0)
    later = NOW + timedelta(minutes=1)
    assert confirm(SANDBOX, [one], later) == {}
    Payment.objects.filter(pk=one.pk).update(confirmed_at=None)  # as when it moved to another block
    confirm(SANDBOX, [one], later)
    assert marks(one) == (later, NOW, None, 0)


@pytest.mark.parametrize(("before", "now"), [(FROM_INSIDE, 2), (2, FROM_INSIDE)])
def test_a_block_that_is_read_in_another_way_later_brings_no_money_twice(mia: Merchant, before: int, now: int) -> None:
    """An operator who moves the border has blocks read again: by logs what balances told, or the other way round."""
    logging = replace(SANDBOX, coin_logs_from=1)
    session = waiting_for_money(mia)
    ether = replace(transfer_to(session, "1"), asset="ETH", amount_units=5)

    def read(log_index: int, **other: object) -> int:
        seen = replace(ether, **{"log_index": log_index, "tx_hash": f"0x{log_index}"} | other)
        record(logging, take_in(logging, [seen], NOW))
        return Payment.objects.filter(session=session).count()

    assert read(before) == 1
    assert read(now) == 1
    assert read(OWN_VALUE) == 2  # which is named alike in both
    assert read(before, amount_units=7, tx_hash="0xother") == 3  # another one of the same block, in the same way
    assert read(now, block_hash="0x2", block_number=2) == 4  # another block, which is read in this way only
    assert read(now, asset="USDC", tx_hash="0xtoken") == 5  # a token's logs were read always
