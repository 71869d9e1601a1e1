"""What became of attempts, recorded in batches over a connection of its own.

What meets a row that somebody has locked is kept and recorded later: nothing else waits for it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import psycopg
import structlog

from webhooks_app.queue.delivery import Outcome, report
from webhooks_app.sending.database import SenderDatabase

# Reports leave together; this long the first of them waits for others.
GATHER_SECONDS = 0.005
MOST_AT_ONCE = 500
HEALTH_NOTED_EVERY_SECONDS = 1.0
# After this long what met a locked row is tried again.
AGAIN_SECONDS = 1.0

_log = structlog.get_logger()


class Reports:
    """Takes outcomes; calls `recorded` for those that the database has."""

    def __init__(self, recorded: Callable[[Sequence[Outcome]], None]) -> None:
        self.open = 0  # how many are not recorded yet
        self._recorded = recorded
        self._database = SenderDatabase("sender reports")
        self._outcomes: list[Outcome] = []
        self._locked: list[Outcome] = []
        self._locked_health: dict[int, bool] = {}
        self._again_at = 0.0
        self._noted: dict[int, tuple[bool, float]] = {}
        self._wake = asyncio.Event()

    def add(self, outcome: Outcome) -> None:
        """One more to record."""
        self._outcomes.append(outcome)
        self.open += 1
        self._wake.set()

    async def write_forever(self) -> None:
        """Records until cancelled. Ends with an error when it cannot go on; nothing is dropped by that."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), AGAIN_SECONDS if self._is_something_locked() else None)
            await asyncio.sleep(GATHER_SECONDS)
            self._wake.clear()
            await self.write()

    async def write(self) -> None:
        """Records all there is."""
        if self._is_something_locked() and time.monotonic() >= self._again_at:
            self._again_at = time.monotonic() + AGAIN_SECONDS
            self._outcomes += self._locked
            self._locked = []
            await self._write_some()
        while self._outcomes:
            await self._write_some()

    def forget(self, endpoint: int) -> None:
        """Nothing is known of its health any more."""
        self._noted.pop(endpoint, None)

    async def close(self) -> None:
        """Closes the connection."""
        await self._database.close()

    def _is_something_locked(self) -> bool:
        return bool(self._locked or self._locked_health)

    async def _write_some(self) -> None:
        some, self._outcomes = self._outcomes[:MOST_AT_ONCE], self._outcomes[MOST_AT_ONCE:]
        news = self._news_of_health(some)
        try:
            locked, locked_endpoints = await self._record(some, news)
        except BaseException:
            self._outcomes = some + self._outcomes
            raise
        now = time.monotonic()
        self._locked += [each for each in some if each.claim.delivery_id in locked]
        self._locked_health = {endpoint: news[endpoint] for endpoint in locked_endpoints}
        self._noted |= {endpoint: (took, now) for endpoint, took in news.items() if endpoint not in locked_endpoints}
        done = [each for each in some if each.claim.delivery_id not in locked]
        self.open -= len(done)
        self._recorded(done)

    async def _record(self, some: Sequence[Outcome], news: dict[int, bool]) -> tuple[set[int], set[int]]:
        """Which deliveries and endpoints were locked. One that the database will not have does not hold up others."""
        try:
            locked = await self._database.run_until_done(partial(report, outcomes=some, health=news))
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(some) <= 1:
                events = [each.claim.event_id for each in some]  # none: an endpoint's health
                _log.exception("webhooks.not_recorded", reason=str(error), event_id=", ".join(events))
                return set(), set()
            first = await self._record(some[: len(some) // 2], news)
            second = await self._record(some[len(some) // 2 :], {})
            return first[0] | second[0], first[1]
        return set(locked[0]), set(locked[1])

    def _news_of_health(self, outcomes: Sequence[Outcome]) -> dict[int, bool]:
        """Which endpoints took messages and which did not, leaving out what was noted a moment ago."""
        took = self._locked_health
        for outcome in outcomes:
            endpoint = outcome.claim.endpoint_id
            took[endpoint] = took.get(endpoint, False) or outcome.succeeded
        soon = time.monotonic() - HEALTH_NOTED_EVERY_SECONDS
        return {
            endpoint: succeeded
            for endpoint, succeeded in took.items()
            if self._noted.get(endpoint, (None, 0.0))[0] is not succeeded or self._noted[endpoint][1] < soon
        }
