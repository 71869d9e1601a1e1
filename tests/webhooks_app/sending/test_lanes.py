"""How many messages may be on their way to one endpoint, and to all."""

from datetime import UTC, datetime
from math import inf

import pytest

from webhooks_app.queue.delivery import Claim
from webhooks_app.sending.lanes import Lane, Lanes

NOW = 1000.0


def claim(number: int, endpoint: int = 1, leave_by: float = inf) -> Claim:
    return Claim(number, number, endpoint, 0, datetime.now(UTC), f"evt_{number}", "checkout.created", b"{}", leave_by)


def fill(lanes: Lanes, endpoint: int, number: int) -> list[Claim]:
    """Claims that many and starts what may start."""
    for each in range(number):
        lanes.add(claim(each, endpoint))
    return list(lanes.start(endpoint, NOW))


def settle(lanes: Lanes, endpoint: int, *, succeeded: bool, times: int, seconds: float = 0.0) -> None:
    for _ in range(times):
        for claim in fill(lanes, endpoint, 1):
            lanes.finish(claim, succeeded=succeeded, seconds=seconds, now=NOW)


def test_a_new_lane_is_narrow() -> None:
    lanes = Lanes()
    assert lanes.capacities(NOW).fresh == 4
    assert len(fill(lanes, 1, 5)) == 4
    assert lanes.capacities(NOW).sizes[1] == 0


def test_success_widens_it_to_a_limit() -> None:
    lanes = Lanes()
    settle(lanes, 1, succeeded=True, times=200)
    assert lanes.capacities(NOW).sizes[1] == 128


def test_answers_that_take_longer_than_they_must_narrow_it_a_little() -> None:
    lane = Lane(width=64)
    lane.learn(succeeded=True, seconds=0.1)
    for _ in range(100):
        lane.learn(succeeded=True, seconds=0.25)
    assert lane.width == 8


def test_a_receiver_that_is_far_away_gets_as_many_at_once() -> None:
    lane = Lane()
    for _ in range(3000):
        lane.learn(succeeded=True, seconds=0.3)
    assert lane.width == 64


def test_a_receiver_that_has_become_slower_is_not_held_to_its_past() -> None:
    lane = Lane()
    lane.learn(succeeded=True, seconds=0.01)
    for _ in range(3000):
        lane.learn(succeeded=True, seconds=0.3)
    assert lane.width == 64


def test_failures_narrow_it_but_never_close_it() -> None:
    lanes = Lanes()
    settle(lanes, 1, succeeded=True, times=200)
    settle(lanes, 1, succeeded=False, times=20)
    assert lanes.capacities(NOW).sizes[1] == 2


def serve(lanes: Lanes, endpoints: range, now: float = NOW) -> None:
    """A claim as large as it may be, of endpoints that all have more than enough to send."""
    capacities = lanes.capacities(now)
    held = capacities.held
    for endpoint in endpoints:
        capacity = min(capacities.sizes.get(endpoint, capacities.fresh), lanes.total_capacity())
        if endpoint in capacities.holding or endpoint not in capacities.sizes:
            capacity = min(capacity, held)
            held -= capacity
        if capacity > 0:
            fill(lanes, endpoint, capacity)


@pytest.mark.parametrize(("succeeded", "seconds"), [(False, 0.1), (True, 15.0)])
def test_endpoints_that_fail_or_are_slow_share_half_of_the_process(succeeded: bool, seconds: float) -> None:
    lanes = Lanes()
    settle(lanes, 9998, succeeded=True, times=1, seconds=0.01)
    for endpoint in range(1, 9):
        settle(lanes, endpoint, succeeded=succeeded, times=200, seconds=seconds)
    for _ in range(5):
        serve(lanes, range(1, 9))
    assert lanes.claimed <= 500
    assert lanes.capacities(NOW).sizes[9998] > 0
    assert lanes.capacities(NOW).fresh >= 1  # a stranger has capacity, too


def test_what_slow_endpoints_finish_makes_room_for_one_more_of_their_kind() -> None:
    lanes = Lanes()
    for endpoint in range(1, 10):
        settle(lanes, endpoint, succeeded=True, times=200, seconds=15.0)
    started = [fill(lanes, endpoint, 64) for endpoint in range(1, 9)]
    assert lanes.capacities(NOW).sizes[9] == 1  # a try
    for each in started[0][:20]:
        lanes.finish(each, succeeded=True, seconds=15.0, now=NOW)
    capacities = lanes.capacities(NOW)
    assert {endpoint for endpoint, capacity in capacities.sizes.items() if capacity} == {
        1,
        9,
    }  # the others have their share
    assert capacities.held > 0


def test_strangers_that_hang_leave_room_for_others() -> None:
    lanes = Lanes()
    settle(lanes, 9998, succeeded=True, times=1, seconds=0.01)
    for first in range(1, 1001, 200):
        serve(lanes, range(first, first + 200))
    assert 500 < lanes.claimed <= 750
    assert lanes.capacities(NOW).sizes[9998] > 0


def test_when_strangers_fill_their_half_another_one_is_tried_all_the_same() -> None:
    lanes = Lanes()
    serve(lanes, range(125))
    assert (lanes.claimed, lanes.capacities(NOW).fresh) == (500, 1)
    assert lanes.capacities(NOW).held > 0


def test_who_was_quick_and_has_not_answered_for_a_second_holds_too() -> None:
    lanes = Lanes()
    settle(lanes, 1, succeeded=True, times=200, seconds=0.01)
    fill(lanes, 1, 128)
    assert (lanes.claimed, lanes.capacities(NOW + 0.5).holding) == (128, frozenset())
    assert lanes.capacities(NOW + 1.5).holding == {1}
    assert lanes.claimed == 64
    assert len(lanes.take_returned()) == 64  # others may take them


def test_a_lane_that_narrows_returns_what_is_too_much() -> None:
    lanes = Lanes()
    settle(lanes, 1, succeeded=True, times=4, seconds=0.01)
    started = fill(lanes, 1, 16)
    lanes.finish(started[0], succeeded=False, now=NOW)
    assert lanes.claimed == len(started) - 1
    assert len(lanes.take_returned()) == 16 - len(started)


def test_what_waited_too_long_for_its_lease_does_not_leave() -> None:
    lanes = Lanes()
    lanes.add(claim(1, leave_by=NOW - 1))
    lanes.add(claim(2))
    assert [each.delivery_id for each in lanes.start(1, NOW)] == [2]
    assert [each.delivery_id for each in lanes.take_returned()] == [1]
    assert lanes.claimed == 1


def test_a_closed_lane_lets_nothing_leave_until_it_is_opened() -> None:
    lanes = Lanes()
    fill(lanes, 1, 6)
    lanes.close(1)
    assert (len(lanes.take_returned()), lanes.capacities(NOW).sizes[1]) == (2, 0)
    assert fill(lanes, 1, 1) == []
    lanes.open(1)
    assert lanes.with_waiting() == {1}


def test_what_is_claimed_is_counted_until_it_is_finished() -> None:
    lanes = Lanes()
    started = fill(lanes, 1, 4)
    assert lanes.total_capacity() == 996
    for each in started:
        lanes.finish(each, succeeded=False, now=NOW)
    assert lanes.claimed == 0


def test_what_has_not_left_can_be_taken_back() -> None:
    lanes = Lanes()
    fill(lanes, 1, 6)
    assert len(lanes.take_waiting()) == 2
    assert lanes.claimed == 4


def test_idle_lanes_that_know_nothing_are_forgotten() -> None:
    lanes = Lanes()
    lanes.add(claim(1))
    settle(lanes, 2, succeeded=False, times=1)
    assert lanes.forget_idle() == []
    assert len(lanes.take_waiting()) == 1
    assert lanes.forget_idle() == [1]
    assert lanes.capacities(NOW).sizes == {2: 2}


def test_one_late_answer_makes_no_slow_endpoint() -> None:
    lane = Lane()
    lane.learn(succeeded=True, seconds=0.01)
    lane.learn(succeeded=True, seconds=1.5)
    assert lane.quick
    lane.learn(succeeded=True, seconds=1.5)
    assert not lane.quick
