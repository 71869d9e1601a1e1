"""How many messages may be on their way to one endpoint, and to all."""

from datetime import UTC, datetime

from webhooks_app.delivery import Claim
from webhooks_app.lanes import (
    FIRST_WIDTH,
    MOST_CLAIMED,
    MOST_FAILING,
    NARROWEST,
    STEADY,
    WIDEST,
    WINDOW,
    Lane,
    Lanes,
    fresh_room,
)


def fill(lanes: Lanes, endpoint: int, number: int) -> list[Claim]:
    """Claims that many and starts what may start."""
    for each in range(number):
        lanes.add(Claim(each, endpoint, 0, datetime.now(UTC), f"evt_{each}", "checkout.created", b"{}"))
    return list(lanes.start(endpoint))


def settle(lanes: Lanes, endpoint: int, *, succeeded: bool, times: int) -> None:
    for _ in range(times):
        fill(lanes, endpoint, 1)
        lanes.finish(endpoint, succeeded=succeeded)


def test_a_new_lane_is_narrow() -> None:
    lanes = Lanes()
    assert len(fill(lanes, 1, fresh_room())) == FIRST_WIDTH
    assert lanes.rooms()[1] == 0


def test_success_widens_it_to_a_limit() -> None:
    lanes = Lanes()
    settle(lanes, 1, succeeded=True, times=200)
    assert lanes.rooms()[1] == 2 * WIDEST


def test_answers_that_take_longer_than_they_must_narrow_it_a_little() -> None:
    lane = Lane(width=WIDEST)
    lane.learn(succeeded=True, seconds=0.1)
    for _ in range(100):
        lane.learn(succeeded=True, seconds=0.25)
    assert lane.width == STEADY


def test_a_receiver_that_is_far_away_gets_as_many_at_once() -> None:
    lane = Lane()
    for _ in range(3 * WINDOW):
        lane.learn(succeeded=True, seconds=0.3)
    assert lane.width == WIDEST


def test_a_receiver_that_has_become_slower_is_not_held_to_its_past() -> None:
    lane = Lane()
    lane.learn(succeeded=True, seconds=0.01)
    for _ in range(3 * WINDOW):
        lane.learn(succeeded=True, seconds=0.3)
    assert lane.width == WIDEST


def test_failures_narrow_it_but_never_close_it() -> None:
    lanes = Lanes()
    settle(lanes, 1, succeeded=True, times=200)
    settle(lanes, 1, succeeded=False, times=20)
    assert lanes.rooms()[1] == NARROWEST


def test_failing_endpoints_share_half_of_the_process() -> None:
    lanes = Lanes()
    for endpoint in range(1, MOST_FAILING):
        settle(lanes, endpoint, succeeded=False, times=1)
        fill(lanes, endpoint, NARROWEST)
    assert lanes.failing_claimed >= MOST_FAILING
    assert lanes.rooms()[1] == 0
    assert 9999 not in lanes.rooms()  # a stranger still has its fresh room


def test_what_is_claimed_is_counted_until_it_is_finished() -> None:
    lanes = Lanes()
    started = fill(lanes, 1, 6)
    assert lanes.total_room() == MOST_CLAIMED - 6
    for _ in started:
        lanes.finish(1, succeeded=False)
    list(lanes.start(1))
    assert (lanes.claimed, lanes.failing_claimed) == (2, 2)


def test_what_has_not_left_can_be_taken_back() -> None:
    lanes = Lanes()
    fill(lanes, 1, 6)
    assert len(lanes.take_waiting()) == 6 - FIRST_WIDTH
    assert lanes.claimed == FIRST_WIDTH


def test_idle_lanes_are_forgotten() -> None:
    lanes = Lanes()
    fill(lanes, 1, 1)
    lanes.forget_idle()
    assert 1 in lanes.rooms()
    lanes.finish(1, succeeded=False)
    settle(lanes, 1, succeeded=True, times=FIRST_WIDTH - NARROWEST)
    lanes.forget_idle()
    assert 1 not in lanes.rooms()
