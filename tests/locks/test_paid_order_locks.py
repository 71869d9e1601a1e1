"""An order at the instant at which one of its sessions is paid, and another is paid, told, or told twice."""

from functools import partial

import pytest
from django.utils import timezone

from sessions_app.models import CheckoutSession
from sessions_app.state.expiry import settle_orders
from sessions_app.state.lifecycle import reassess, reassess_many
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import take_in
from tests.cast import MIAS_WALLET, merchant, refreshed
from tests.locks.stage import SANDBOX, SEEN, confirmed, transfer_to, two_of_an_order
from tests.races import behind_a_lock, race
from tests.sandbox import events_of

pytestmark = pytest.mark.django_db(transaction=True)
Two = tuple[CheckoutSession, CheckoutSession]


@pytest.fixture
def two(transactional_db: None) -> Two:
    return two_of_an_order(merchant("Mia Coffee", MIAS_WALLET))


def settled() -> None:
    settle_orders()
    assert not CheckoutSession.objects.filter(others_wait=True).exists()


def test_of_two_that_are_paid_at_once_the_later_one_is_asked_about(two: Two) -> None:
    for each in two:
        confirmed(each, "49.00")
    race(*[partial(reassess, each.pk, SEEN) for each in two])
    settled()
    first, later = sorted(map(refreshed, two), key=lambda each: (each.completed_at, each.pk))
    assert (first.status, first.needs_decision, first.order_paid_by) == ("completed", False, None)
    assert (later.status, later.issue, later.needs_decision) == ("completed", "paid_twice", True)
    assert later.order_paid_by == first.public_id


def test_who_is_told_twice_at_once_ends_once(two: Two) -> None:
    confirmed(two[0], "49.00")
    reassess(two[0].pk, SEEN)
    assert race(settle_orders, settle_orders) == [None, None]
    assert events_of(two[1]) == ["created", "cancelled"]


def test_money_that_is_being_stored_keeps_the_other_session_from_its_end(two: Two) -> None:
    confirmed(two[0], "49.00")
    reassess(two[0].pk, SEEN)
    seen = take_in(SANDBOX, [transfer_to(two[1], "49.00")], timezone.now())
    done = behind_a_lock(settle_orders, lock=lambda: reassess_many(record(SANDBOX, seen)), meanwhile=lambda: None)
    assert done is None
    other = refreshed(two[1])
    assert (other.status, other.order_paid_by) == ("processing", two[0].public_id)


def test_both_told_of_money_while_the_order_is_settled_do_not_wait_for_each_other(two: Two) -> None:
    confirmed(two[0], "49.00")
    reassess(two[0].pk, SEEN)
    for _ in range(3):
        news = {each.pk: SEEN for each in two}
        CheckoutSession.objects.filter(pk=two[0].pk).update(others_wait=True)
        CheckoutSession.objects.filter(pk=two[1].pk).update(order_paid_by=None)
        assert not [each for each in race(settle_orders, partial(reassess_many, news)) if isinstance(each, Exception)]
    settled()
