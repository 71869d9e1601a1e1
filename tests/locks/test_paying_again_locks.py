"""A session that ended unpaid is paid again at the instant at which it is pressed twice, paid, or ordered anew."""

from functools import partial

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.errors import NotPayableAgain
from sessions_app.models import CheckoutSession, DepositAddress, Payment
from sessions_app.paying.paying_again import pay_again
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import reassess_many
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import take_in
from tests.cast import MIAS_WALLET, agreed, merchant, refreshed
from tests.locks.stage import SANDBOX, ended_unpaid, transfer_to
from tests.races import behind_a_lock, race
from tests.sandbox import events_of
from tests.strangers.world import own

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


def pressed(session: CheckoutSession) -> str:
    return pay_again(refreshed(session), now=timezone.now()).public_id


def test_pressed_several_times_at_once_it_is_one_session(mia: Merchant) -> None:
    ended = ended_unpaid(mia)
    made = race(*[partial(pressed, ended) for _ in range(4)])
    successor = own(CheckoutSession).exclude(pk=ended.pk).get()
    assert set(made) == {successor.public_id}
    assert own(DepositAddress).get().session_id == successor.pk
    assert events_of(successor) == ["created"]


def test_money_that_is_being_stored_is_not_paid_again(mia: Merchant) -> None:
    ended = ended_unpaid(mia)
    seen = take_in(SANDBOX, [transfer_to(ended, "49.00")], timezone.now())
    refused = behind_a_lock(
        partial(pressed, ended), lock=lambda: reassess_many(record(SANDBOX, seen)), meanwhile=lambda: None
    )
    assert isinstance(refused, NotPayableAgain)
    assert own(Payment).get().session_id == own(CheckoutSession).get().pk == ended.pk


def test_ordered_anew_by_the_shop_at_once_the_order_has_one_session_that_is_open(mia: Merchant) -> None:
    ended = ended_unpaid(mia)
    terms = agreed(reference="order-1", allowPayAgain=True)
    race(partial(pressed, ended), partial(create_session, merchant=mia, mode="test", terms=terms))
    assert own(CheckoutSession).filter(status="open").count() == 1
