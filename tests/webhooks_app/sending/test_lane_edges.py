"""When a sender fetches more: not before there is capacity worth a round trip, and not only at the next second."""

from collections.abc import Callable

import pytest

from tests.waiting import wait_until
from tests.webhooks_app.conftest import Listener
from tests.webhooks_app.receiver import Receiver
from tests.webhooks_app.sending.test_lanes import NOW, claim, fill, settle
from webhooks_app.models import DeliveryAttempt, Event
from webhooks_app.sending.lanes import Lanes
from webhooks_app.sending.thread import SenderThread


@pytest.mark.parametrize(("held", "is_short"), [(1, True), (2, True), (3, False), (4, False), (5, False)])
def test_a_lane_that_holds_fetches_more_when_it_is_half_empty(held: int, *, is_short: bool) -> None:
    lanes = Lanes()  # its lanes begin four wide
    fill(lanes, 1, held)
    assert lanes.is_short_of_work(1) == is_short
    assert lanes.is_short_of_work(2)  # of an endpoint that nobody knows


def test_a_quick_lane_fetches_more_as_soon_as_nothing_waits_in_it() -> None:
    lanes = Lanes()
    settle(lanes, 1, succeeded=True, times=4, seconds=0.01)  # eight wide
    fill(lanes, 1, 8)
    assert lanes.is_short_of_work(1)
    fill(lanes, 1, 1)
    assert not lanes.is_short_of_work(1)


def test_a_lane_that_is_just_full_returns_nothing() -> None:
    lanes = Lanes()
    for number in range(4):
        lanes.add(claim(number))
    lanes.capacities(NOW)
    assert (lanes.take_returned(), lanes.claimed) == ([], 4)
    lanes.add(claim(5))
    assert not lanes.has_returned(1)
    lanes.capacities(NOW)
    assert [lanes.has_returned(endpoint) for endpoint in (1, 2)] == [True, False]
    assert ([each.delivery_id for each in lanes.take_returned()], lanes.claimed) == ([5], 4)
    assert not lanes.has_returned(1)


@pytest.mark.django_db(transaction=True)
def test_a_long_queue_is_fetched_on_without_waiting_for_the_next_poll(
    receiver: Receiver,
    listen: Callable[..., Listener],
    happen: Callable[..., Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webhooks_app.sending.sender.POLL_SECONDS", 60)
    hers = DeliveryAttempt.objects.filter(delivery__endpoint=listen().endpoint)
    for _ in range(40):
        happen()
    sender = SenderThread()  # only now: nobody nudges it any more
    sender.start()
    try:
        wait_until(lambda: hers.count() >= 40)
        assert len(receiver.messages) == 40
    finally:
        sender.stop()


@pytest.mark.django_db(transaction=True)
def test_news_while_a_lane_is_full_does_not_let_its_queue_be_forgotten(
    receiver: Receiver,
    listen: Callable[..., Listener],
    happen: Callable[..., Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webhooks_app.sending.sender.POLL_SECONDS", 60)
    listen("/full")
    receiver.hold("/full")
    for _ in range(12):
        happen()
    sender = SenderThread()
    sender.start()
    try:
        wait_until(lambda: len(receiver.at("/full")) == 4)
        listen("/other")
        happen()  # it is claimed while there is no capacity in the lane that is full
        wait_until(lambda: receiver.at("/other"))
        receiver.release()
        wait_until(lambda: len(receiver.at("/full")) == 13)
    finally:
        receiver.release()
        sender.stop()
