"""A deposit that may serve again, wanted by several at once, or paid to while it is given away."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from chains_app.reading.reader import Transfer
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, DepositAddress, Payment, SpareDeposit
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import reassess_many
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import Sightings, take_in
from tests.cast import MIAS_WALLET, agreed, merchant, refreshed
from tests.locks.stage import SANDBOX, rested, transfer_to
from tests.races import behind_a_lock, passes_by, race
from tests.strangers.world import own

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


@pytest.fixture
def former(mia: Merchant) -> CheckoutSession:
    return rested(mia)


def ordered(mia: Merchant) -> CheckoutSession:
    return create_session(merchant=mia, mode="test", terms=agreed())


def picks(session: CheckoutSession) -> str:
    """The address that it gets."""
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return DepositAddress.objects.get(session=session).address


def paid_late(former: CheckoutSession, *, before: timedelta) -> Transfer:
    """Another payment of the former buyer, in a block of so long ago."""
    late = transfer_to(former, "5.00", block=2)
    return replace(late, tx_hash="0x02", block_time=timezone.now() - before)


def store(seen: Sightings) -> None:
    """As the watcher does it, in its transaction."""
    with transaction.atomic():
        reassess_many(record(SANDBOX, seen))


def test_of_several_sessions_at_once_one_gets_it_and_none_waits_or_fails(
    mia: Merchant, former: CheckoutSession
) -> None:
    sessions = [ordered(mia) for _ in range(4)]
    got = race(*[partial(picks, each) for each in sessions])
    assert got.count(former.deposit.address) == 1
    assert len(set(got)) == 4
    assert own(DepositAddress).filter(address=former.deposit.address, passed_on_at=None).count() == 1


def test_who_asks_twice_at_once_gets_one_address_and_the_other_stays_free(
    mia: Merchant, former: CheckoutSession
) -> None:
    SpareDeposit.objects.filter(deposit__in=own(DepositAddress)).delete()  # so that the next one gets its own
    assert rested(mia).deposit.address != former.deposit.address
    session = ordered(mia)
    got = race(*[partial(picks, refreshed(session)) for _ in range(2)])
    assert len(set(got)) == 1
    assert SpareDeposit.objects.filter(deposit__in=own(DepositAddress)).count() == 1
    assert own(DepositAddress).exclude(passed_on_at=None).count() == 1


def test_nobody_waits_for_one_that_money_is_being_stored_for(mia: Merchant, former: CheckoutSession) -> None:
    seen = take_in(SANDBOX, [paid_late(former, before=timedelta(seconds=9))], timezone.now())
    session = ordered(mia)
    assert passes_by(partial(picks, session), lock=lambda: record(SANDBOX, seen)) != former.deposit.address
    assert own(Payment).latest("id").session_id == former.pk


@pytest.mark.parametrize("after", [False, True])
def test_what_is_stored_while_it_is_passed_on_is_whose_it_was_at_the_blocks_time(
    mia: Merchant, former: CheckoutSession, after: bool
) -> None:
    session = ordered(mia)
    # A chain's clock that is ahead of ours makes it the later session's before that has the address.
    late = paid_late(former, before=timedelta(minutes=-5 if after else 5))
    seen = take_in(SANDBOX, [late], timezone.now())
    done = behind_a_lock(partial(store, seen), lock=partial(picks, session), meanwhile=lambda: None)
    assert done is None
    assert DepositAddress.objects.get(session=session).address == former.deposit.address
    payment = own(Payment).latest("id")
    assert payment.session_id == (session if after else former).pk
    # By the other's quotes it would be worth something else: it is valued anew.
    assert (payment.value is None) == after
