"""An order at the same instant from two sides: created, superseded, paid, changed. One session is left that it is."""

from decimal import Decimal
from functools import partial
from itertools import count

import pytest
from django.db import transaction
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.buyers.erasing import erase_buyer
from sessions_app.errors import MoneyOnItsWay, ReferencePaid
from sessions_app.models import CheckoutSession, Customer, DepositAddress, Payment
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.changing import change_session
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import cancel, reassess, reassess_many
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import Sightings, take_in
from tests.cast import MIAS_WALLET, agreed, merchant, refreshed
from tests.locks.stage import SANDBOX, SEEN, over_since, shown, transfer_to
from tests.races import behind_a_lock, race
from tests.sandbox import events_of
from tests.strangers.world import own

pytestmark = pytest.mark.django_db(transaction=True)
PRICES = count(50)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


def ordered(mia: Merchant, amount: int = 49, *, supersedes: bool = False) -> CheckoutSession:
    """The session of order 1 at this price."""
    terms = agreed(reference="order-1", amount=Decimal(amount))
    return create_session(merchant=mia, mode="test", terms=terms, supersedes=supersedes)


@pytest.fixture
def session(mia: Merchant) -> CheckoutSession:
    """It waits for 49.00 USDC."""
    made = ordered(mia)
    choose_option(session=made, asset="USDC", network="sandbox", now=timezone.now())
    return refreshed(made)


def store(seen: Sightings) -> None:
    """As the watcher does it, in its transaction."""
    with transaction.atomic():
        reassess_many(record(SANDBOX, seen))


def test_who_orders_while_the_order_is_being_completed_is_told_that_it_is_paid(
    mia: Merchant, session: CheckoutSession
) -> None:
    payment = shown(session, "49.00")
    reassess(session.pk, SEEN)

    def completed() -> None:
        now = timezone.now()
        Payment.objects.filter(pk=payment.pk).update(confirmed_at=now, first_confirmed_at=now)
        reassess(session.pk, SEEN)

    refused = behind_a_lock(partial(ordered, mia, 60), lock=completed, meanwhile=lambda: None)
    assert isinstance(refused, ReferencePaid)
    assert own(CheckoutSession).count() == 1


def test_money_that_is_being_stored_is_not_superseded(mia: Merchant, session: CheckoutSession) -> None:
    seen = take_in(SANDBOX, [transfer_to(session, "49.00")], timezone.now())
    refused = behind_a_lock(
        partial(ordered, mia, 60, supersedes=True), lock=lambda: record(SANDBOX, seen), meanwhile=lambda: None
    )
    assert isinstance(refused, MoneyOnItsWay)
    assert own(CheckoutSession).get().superseded_by is None


def test_money_that_was_seen_for_a_session_that_is_being_superseded_is_its_successors(
    mia: Merchant, session: CheckoutSession
) -> None:
    seen = take_in(SANDBOX, [transfer_to(session, "49.00")], timezone.now())
    done = behind_a_lock(partial(store, seen), lock=partial(ordered, mia, 60, supersedes=True), meanwhile=lambda: None)
    assert done is None
    successor = own(CheckoutSession).latest("id")
    assert (own(Payment).get().session_id, successor.supersedes) == (successor.pk, session.public_id)
    assert (refreshed(session).status, successor.payment_status) == ("cancelled", "partial")
    assert events_of(session) == ["created", "cancelled"]


def test_carts_that_change_at_once_leave_one_session_and_one_chain(mia: Merchant, session: CheckoutSession) -> None:
    for _ in range(4):
        made = race(*[partial(ordered, mia, next(PRICES), supersedes=True) for _ in range(3)])
        assert [each for each in made if not isinstance(each, CheckoutSession)] == []
        assert own(CheckoutSession).filter(status="open").count() == 1
    chain = list(own(CheckoutSession).order_by("id"))
    assert [each.superseded_by for each in chain[:-1]] == [each.public_id for each in chain[1:]]
    assert [each.supersedes for each in chain] == [None, *(each.public_id for each in chain[:-1])]
    assert own(DepositAddress).get().session_id == chain[-1].pk


def test_money_and_a_changed_cart_at_once_neither_lose_nor_double(mia: Merchant, session: CheckoutSession) -> None:
    seen = take_in(SANDBOX, [transfer_to(session, "49.00")], timezone.now())
    race(partial(store, seen), partial(ordered, mia, 60, supersedes=True))
    paid = own(Payment).get().session
    assert own(CheckoutSession).filter(status="processing").count() == int(paid.amount == 49)
    assert (paid.superseded_by, paid.payment_status) == (None, "paid" if paid.amount == 49 else "partial")


def test_who_gets_the_address_of_a_buyer_that_is_being_erased_is_somebody_new(
    mia: Merchant, session: CheckoutSession
) -> None:
    old = create_session(merchant=mia, mode="test", terms=agreed(email="ada@example.com"))
    cancel(old)
    over_since(old, minutes=60 * 24 * 30)
    CheckoutSession.objects.filter(pk=old.pk).update(watch_until=timezone.now())
    changed = behind_a_lock(
        lambda: change_session(session, {"email": "ada@example.com"}, actor="key"),
        lock=lambda: erase_buyer(old.customer, actor="mia@example.com"),
        meanwhile=lambda: None,
    )
    assert isinstance(changed, CheckoutSession)
    customer = Customer.objects.get(pk=refreshed(session).customer_id)
    assert (customer.email, customer.erased_at) == ("ada@example.com", None)
    assert customer.pk != old.customer_id
