"""Who may be sent to right now: each endpoint has a lane of its own, as wide as it has shown itself to be. Pure.

A lane begins narrow, widens with every quick success and halves with every failure. So a fast receiver soon gets all
that it can take, while one that hangs holds a few connections and nobody else's. When answers begin to take longer than
they must, more at once would only queue somewhere: the lane narrows again. What is on its way and not yet reported when
a sender is killed is sent twice, so it should be no more than speed needs.

Whoever is not known to answer soon (new, slow, failing or hanging) *holds* what it is given. All of them together get
half of the process, in equal shares, so that they never shut out those who answer.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from webhooks_app.queue.delivery import Capacities, Claim

FIRST_WIDTH = 4
NARROWEST = 2
WIDEST = 64
STEADY = 8  # slowness alone narrows a lane no further
# Answers this quick widen a lane; so do those that take at most twice as long as the receiver's quickest of late.
QUICK_SECONDS = 0.03
WINDOW = 1000  # "of late": between one and two times so many answers
# Who takes longer, or fails, holds what others could use.
HOLDING_SECONDS = 1.0
# Over all lanes.
MOST_CLAIMED = 1000
MOST_HELD = MOST_CLAIMED // 2
# When that is full, one try each of endpoints that have nothing on the way still finds capacity up to here.
MOST_HELD_WITH_TRIES = MOST_CLAIMED * 3 // 4


@dataclass(slots=True)
class Lane:
    """One endpoint as this process knows it."""

    width: int = FIRST_WIDTH
    quick: bool = False  # it has answered well and soon of late; once late is no habit
    late: int = 0
    closed: bool = False
    in_flight: dict[Claim, float] = field(default_factory=dict)  # since when, the longest first
    waiting: deque[Claim] = field(default_factory=deque)
    quickest: float = inf
    quickest_before: float = inf
    answers: int = 0

    def learn(self, *, succeeded: bool, seconds: float) -> None:
        """Widens or narrows after an attempt."""
        self.answers += 1
        self.late = 0 if seconds <= HOLDING_SECONDS else self.late + 1
        self.quick = succeeded and (self.quick if self.late == 1 else not self.late)
        if not succeeded:
            self.width = max(self.width // 2, NARROWEST)
        elif seconds <= max(QUICK_SECONDS, 2 * self._quickest_of_late(seconds)):
            self.width = min(self.width + 1, WIDEST)
        elif self.width > STEADY:
            self.width -= 1

    def _quickest_of_late(self, seconds: float) -> float:
        if self.answers % WINDOW == 0:
            self.quickest_before, self.quickest = self.quickest, inf
        self.quickest = min(self.quickest, seconds)
        return min(self.quickest, self.quickest_before)

    @property
    def claimed(self) -> int:
        """How many deliveries it holds."""
        return len(self.in_flight) + len(self.waiting)

    @property
    def is_new(self) -> bool:
        """It knows no more than a fresh one does."""
        return not self.claimed and not self.answers

    def is_holding(self, now: float) -> bool:
        """Nobody knows how long it takes, or it has shown that it takes long."""
        return not self.quick or now - next(iter(self.in_flight.values()), now) > HOLDING_SECONDS

    def may_hold(self, now: float) -> int:
        """A quick lane also holds a round in waiting, so that it never runs dry between two claims."""
        if self.closed:
            return 0
        return self.width if self.is_holding(now) else 2 * self.width


class Lanes:
    """All endpoints that this process has to do with."""

    def __init__(self) -> None:
        self._lanes: dict[int, Lane] = {}
        self._returned: list[Claim] = []
        self.claimed = 0

    def capacities(self, now: float) -> Capacities:
        """How many more deliveries each endpoint may be given."""
        busy = [lane for lane in self._lanes.values() if lane.claimed and lane.is_holding(now)]
        for lane in busy:
            self._trim(lane, now)
        held = sum(lane.claimed for lane in busy)
        # As if there were one more of them: so there is capacity for the next that comes.
        share = max(MOST_HELD // (len(busy) + 1), 1)
        is_full = held >= MOST_HELD
        sizes, holding = {}, set()
        for key, lane in self._lanes.items():
            if lane.is_new:
                continue
            most = lane.may_hold(now)
            if lane.is_holding(now):
                holding.add(key)
                most = min(most, 1 if is_full else share)
            sizes[key] = max(most - lane.claimed, 0)
        return Capacities(
            sizes=sizes,
            holding=frozenset(holding),
            fresh=1 if is_full else min(FIRST_WIDTH, share),
            held=max((MOST_HELD_WITH_TRIES if is_full else MOST_HELD) - held, 0),
            total=self.total_capacity(),
        )

    def total_capacity(self) -> int:
        """How many more deliveries the process may hold."""
        return max(MOST_CLAIMED - self.claimed, 0)

    def is_short_of_work(self, endpoint: int) -> bool:
        """More of it may be fetched: nothing waits in the lane, and one that holds is half empty."""
        lane = self._lanes.get(endpoint)
        return lane is None or (not lane.waiting and (lane.quick or 2 * lane.claimed <= lane.width))

    def with_waiting(self) -> set[int]:
        """Endpoints of which something has not left yet."""
        return {endpoint for endpoint, lane in self._lanes.items() if lane.waiting}

    def add(self, claim: Claim) -> None:
        """Takes a claimed delivery into its lane."""
        self._lanes.setdefault(claim.endpoint_id, Lane()).waiting.append(claim)
        self.claimed += 1

    def start(self, endpoint: int, now: float) -> Iterator[Claim]:
        """Those that may leave now; each counts as in flight until `finish`. What waited too long is returned."""
        lane = self._lanes[endpoint]
        while lane.waiting and len(lane.in_flight) < lane.width and not lane.closed:
            claim = lane.waiting.popleft()
            if now > claim.leave_by:
                self._return(claim)
                continue
            lane.in_flight[claim] = now
            yield claim

    def finish(self, claim: Claim, *, succeeded: bool, seconds: float = 0.0, now: float = 0.0) -> None:
        """One came back after so many seconds: the lane learns from it."""
        lane = self._lanes[claim.endpoint_id]
        del lane.in_flight[claim]
        self.claimed -= 1
        lane.learn(succeeded=succeeded, seconds=seconds)
        self._trim(lane, now)

    def close(self, endpoint: int) -> None:
        """Nothing more leaves until `open`; what waits is returned."""
        lane = self._lanes[endpoint]
        lane.closed = True
        self._trim(lane, 0.0)

    def open(self, endpoint: int) -> None:
        """Ends what `close` began."""
        if lane := self._lanes.get(endpoint):
            lane.closed = False

    def empty(self, endpoint: int) -> None:
        """Returns what waits."""
        if lane := self._lanes.get(endpoint):
            while lane.waiting:
                self._return(lane.waiting.pop())

    def forget_idle(self) -> list[int]:
        """Drops lanes that hold nothing and are no different from new ones; all that hold nothing if they are many."""
        many = len(self._lanes) > MOST_CLAIMED
        idle = [key for key, lane in self._lanes.items() if lane.is_new or (many and not lane.claimed)]
        for key in idle:
            del self._lanes[key]
        return idle

    def has_returned(self, endpoint: int) -> bool:
        """Something of it is to be given back: it is due, and may be fetched again."""
        return any(claim.endpoint_id == endpoint for claim in self._returned)

    def take_returned(self) -> list[Claim]:
        """What must be given back: it may not leave any more, or others can take it sooner."""
        returned, self._returned = self._returned, []
        return returned

    def take_waiting(self) -> list[Claim]:
        """Empties all lanes of what has not left yet, to give it back."""
        for endpoint in self.with_waiting():
            self.empty(endpoint)
        return self.take_returned()

    def _trim(self, lane: Lane, now: float) -> None:
        """Returns the last of what waits in a lane that has become narrower or begun to hold."""
        while lane.waiting and lane.claimed > lane.may_hold(now):
            self._return(lane.waiting.pop())

    def _return(self, claim: Claim) -> None:
        self._returned.append(claim)
        self.claimed -= 1
