"""Who may be sent to right now: each endpoint has a lane of its own, as wide as it has shown itself to be. Pure.

A lane begins narrow, widens with every quick success and halves with every failure. So a fast receiver soon gets all
that it can take, while one that hangs holds a few connections and nobody else's. When answers begin to take longer than
they must, more at once would only queue somewhere: the lane narrows again. What is on its way and not yet reported when
a sender is killed is sent twice, so it should be no more than speed needs.

As much as a lane is wide may wait in it: two rounds of the 20 s an attempt may take stay within the 60 s of a lease.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from webhooks_app.delivery import Claim

FIRST_WIDTH = 4
NARROWEST = 2
WIDEST = 64
STEADY = 8  # slowness alone narrows a lane no further
# Answers this quick widen a lane; so do those that take at most twice as long as the receiver's quickest of late.
QUICK_SECONDS = 0.03
WINDOW = 1000  # "of late": between one and two times so many answers
# Over all lanes. Endpoints that failed last may hold half of it, so that they never shut out the others.
MOST_CLAIMED = 1000
MOST_FAILING = MOST_CLAIMED // 2


@dataclass(slots=True)
class Lane:
    """One endpoint as this process knows it."""

    width: int = FIRST_WIDTH
    failing: bool = False
    in_flight: int = 0
    waiting: deque[Claim] = field(default_factory=deque)
    quickest: float = inf
    quickest_before: float = inf
    answers: int = 0

    def learn(self, *, succeeded: bool, seconds: float) -> None:
        """Widens or narrows after an attempt."""
        self.failing = not succeeded
        if not succeeded:
            self.width = max(self.width // 2, NARROWEST)
        elif seconds <= max(QUICK_SECONDS, 2 * self._quickest_of_late(seconds)):
            self.width = min(self.width + 1, WIDEST)
        elif self.width > STEADY:
            self.width -= 1

    def _quickest_of_late(self, seconds: float) -> float:
        self.answers += 1
        if self.answers % WINDOW == 0:
            self.quickest_before, self.quickest = self.quickest, inf
        self.quickest = min(self.quickest, seconds)
        return min(self.quickest, self.quickest_before)

    @property
    def claimed(self) -> int:
        """How many deliveries it holds."""
        return self.in_flight + len(self.waiting)

    @property
    def is_new(self) -> bool:
        """It knows no more than a fresh one does."""
        return not self.claimed and not self.failing and self.width == FIRST_WIDTH


class Lanes:
    """All endpoints that this process has to do with."""

    def __init__(self) -> None:
        self._lanes: dict[int, Lane] = {}
        self.claimed = 0
        self.failing_claimed = 0

    def rooms(self) -> dict[int, int]:
        """How many more deliveries each endpoint may be given; one that is not named may have `fresh_room()`."""
        failing_full = self.failing_claimed >= MOST_FAILING
        return {endpoint: 0 if lane.failing and failing_full else _room(lane) for endpoint, lane in self._lanes.items()}

    def total_room(self) -> int:
        """How many more deliveries the process may hold."""
        return MOST_CLAIMED - self.claimed

    def is_short_of_work(self, endpoint: int) -> bool:
        """Nothing waits in the lane, so more of it may be fetched."""
        lane = self._lanes.get(endpoint)
        return lane is None or not lane.waiting

    def add(self, claim: Claim) -> None:
        """Takes a claimed delivery into its lane."""
        lane = self._lanes.setdefault(claim.endpoint_id, Lane())
        lane.waiting.append(claim)
        self._count(lane, 1)

    def start(self, endpoint: int) -> Iterator[Claim]:
        """Those that may leave now; each counts as in flight until `finish`."""
        lane = self._lanes[endpoint]
        while lane.waiting and lane.in_flight < lane.width:
            lane.in_flight += 1
            yield lane.waiting.popleft()

    def finish(self, endpoint: int, *, succeeded: bool, seconds: float = 0.0) -> None:
        """One came back after so many seconds: the lane learns from it."""
        lane = self._lanes[endpoint]
        lane.in_flight -= 1
        self._count(lane, -1)
        self.failing_claimed += lane.claimed * ((not succeeded) - lane.failing)
        lane.learn(succeeded=succeeded, seconds=seconds)

    def forget_idle(self) -> None:
        """Drops lanes that hold nothing and are no different from new ones."""
        for endpoint in [key for key, lane in self._lanes.items() if not lane.claimed]:
            lane = self._lanes[endpoint]
            if lane.is_new or len(self._lanes) > MOST_CLAIMED:
                del self._lanes[endpoint]

    def take_waiting(self) -> list[Claim]:
        """Empties all lanes of what has not left yet, to give it back."""
        given_back: list[Claim] = []
        for lane in self._lanes.values():
            self.claimed -= len(lane.waiting)
            if lane.failing:
                self.failing_claimed -= len(lane.waiting)
            given_back += lane.waiting
            lane.waiting.clear()
        return given_back

    def _count(self, lane: Lane, change: int) -> None:
        self.claimed += change
        if lane.failing:
            self.failing_claimed += change


def fresh_room() -> int:
    """The room of an endpoint that nothing is known of."""
    return 2 * FIRST_WIDTH


def _room(lane: Lane) -> int:
    """A healthy lane also holds a round in waiting, so that it never runs dry between two claims."""
    return max((lane.width if lane.failing else 2 * lane.width) - lane.claimed, 0)
