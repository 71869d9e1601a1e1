"""The sender: claims what is due, posts it, reports. One per worker process; any number of them may run at once.

PostgreSQL is the truth: it is asked every second and whenever Redis nudges. What dies on the way is due again when
its lease ends.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

import aiohttp
import psycopg
import structlog
from django.conf import settings
from redis.asyncio import Redis

from common.measures.counted import ATTEMPT_SECONDS, ATTEMPTS, Stage, reached
from webhooks_app.endpoints.failing import switch_off_gone
from webhooks_app.events.nudging import CHANNEL
from webhooks_app.problems import Problem
from webhooks_app.queue.delivery import ENDPOINTS_A_CLAIM, Capacities, Claim, Outcome, claim_due, give_back, set_aside
from webhooks_app.sending.attempts import attempt, open_client
from webhooks_app.sending.database import LOST, RETRY_SECONDS, SenderDatabase
from webhooks_app.sending.lanes import MOST_CLAIMED, Lanes
from webhooks_app.sending.reports import GATHER_SECONDS, Reports
from webhooks_app.sending.targets import Target, targets_of

POLL_SECONDS = 1.0
# Between two claims, so that a flood of nudges makes few large claims and not many small ones.
BREATH_SECONDS = 0.003
# How long a stop waits for messages on the way, and then for their reports; the rest is given back.
STOP_SECONDS = 5.0
# With so many reports still to be recorded, nothing new is claimed: what dies unreported is sent twice.
MOST_UNRECORDED = 2 * MOST_CLAIMED

_log = structlog.get_logger()


class Sender:
    """Runs until `stop`, whatever becomes of database and Redis meanwhile."""

    def __init__(self) -> None:
        self.sent = 0
        self._lanes = Lanes()
        self._targets: dict[int, Target] = {}
        self._database = SenderDatabase("sender claims")
        self._reports = Reports(self._recorded)
        self._gone: asyncio.Queue[int] = asyncio.Queue()
        self._running: dict[asyncio.Task[None], Claim] = {}
        self._more_of: set[int] = set()  # endpoints whose capacity the last claim filled: there may be more
        self._more_anywhere = False  # it served as many as one claim may
        self._wake = asyncio.Event()
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Asks `run` to come to an end: nothing new is claimed. May be called from any thread."""
        self._stopping = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Sends until stopped. Ends with an error when a part of it breaks down: another sender must take its place."""
        self._loop = asyncio.get_running_loop()
        async with open_client() as client:
            try:
                async with asyncio.TaskGroup() as parts:
                    works = (self._reports.write_forever, self._switch_off_forever, self._listen)
                    helpers = [parts.create_task(work()) for work in works]
                    while not self._stopping:
                        await self._claim_and_start(client)
                        await self._wait()
                    await self._come_to_an_end()
                    for helper in helpers:
                        helper.cancel()
            finally:
                self._loop = None
                await self._put_down()

    async def _claim_and_start(self, client: aiohttp.ClientSession) -> None:
        try:
            claims = await self._claim()
        except LOST as error:
            _log.warning("webhooks.database_lost", user="claims", reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)
            return
        for claim in claims:
            self._lanes.add(claim)
        for endpoint in {claim.endpoint_id for claim in claims}:
            self._start(client, endpoint)
        if self._more_anywhere and self._lanes.total_capacity() > 0:
            self._wake.set()

    async def _claim(self) -> list[Claim]:
        """What may leave now. What may not, or not from here, is given back first."""
        capacities, returned = self._lanes.capacities(time.monotonic()), self._lanes.take_returned()
        asks = capacities.total > 0 and self._reports.open < MOST_UNRECORDED
        self._more_of |= {claim.endpoint_id for claim in returned}
        if asks:
            # Of those that have no capacity nothing is asked for: what is known of them goes on holding meanwhile.
            self._more_of = {each for each in self._more_of if not capacities.sizes.get(each, capacities.fresh)}
        self._more_anywhere = False
        await self._give_back(returned)
        claims = await self._database.run(partial(claim_due, capacities=capacities)) if asks else []
        endpoints = {claim.endpoint_id for claim in claims}
        if asks:
            self._more_of |= _filled(claims, capacities)
            self._more_anywhere = len(claims) >= capacities.total or len(endpoints) >= ENDPOINTS_A_CLAIM
        if not claims:
            self._forget_idle()
        return await self._without_those_off(claims, endpoints | self._lanes.with_waiting())

    async def _without_those_off(self, claims: list[Claim], endpoints: set[int]) -> list[Claim]:
        """Reads where to send to, also for those that wait, and sorts out what is switched off."""
        if not endpoints:
            return []
        # These are ours now: whatever happens to the connection, they must leave and not wait for the lease's end.
        found = await self._database.run_until_done(partial(targets_of, endpoint_ids=endpoints))
        self._targets |= found
        off = {endpoint for endpoint in endpoints if endpoint not in found or not found[endpoint].is_on}
        if not off:
            return claims
        for endpoint in off:
            self._lanes.empty(endpoint)
        await self._give_back(self._lanes.take_returned() + [each for each in claims if each.endpoint_id in off])
        await self._database.run_until_done(partial(set_aside, endpoints=off))
        return [claim for claim in claims if claim.endpoint_id not in off]

    async def _give_back(self, claims: Sequence[Claim]) -> None:
        if claims:
            await self._database.run_until_done(partial(give_back, claims=claims))

    def _forget_idle(self) -> None:
        for endpoint in self._lanes.forget_idle():
            self._targets.pop(endpoint, None)
            self._reports.forget(endpoint)

    def _start(self, client: aiohttp.ClientSession, endpoint: int) -> None:
        for claim in self._lanes.start(endpoint, time.monotonic()):
            task = asyncio.create_task(self._send(client, claim))
            self._running[task] = claim
            task.add_done_callback(self._running.pop)

    async def _send(self, client: aiohttp.ClientSession, claim: Claim) -> None:
        structlog.contextvars.bind_contextvars(event_id=claim.event_id)  # of this task of the loop
        succeeded, seconds = False, 0.0
        try:
            outcome = await attempt(client, self._targets[claim.endpoint_id], claim)
            succeeded, seconds = outcome.succeeded, outcome.duration_ms / 1000
            self._reports.add(outcome)
            _count(outcome)
            if outcome.problem == Problem.GONE:
                self._lanes.close(claim.endpoint_id)
        finally:
            self._lanes.finish(claim, succeeded=succeeded, seconds=seconds, now=time.monotonic())
            if not self._stopping:
                self._start(client, claim.endpoint_id)
            if self._is_more_wanted(claim.endpoint_id):
                self._wake.set()

    def _is_more_wanted(self, endpoint: int) -> bool:
        """Something is known to be due, and there is capacity for a claim worth its round trip."""
        if self._more_anywhere and self._lanes.total_capacity() >= MOST_CLAIMED // 4:
            return True
        is_due = endpoint in self._more_of or self._lanes.has_returned(endpoint)
        return is_due and self._lanes.is_short_of_work(endpoint)

    async def _wait(self) -> None:
        """Until there is something to claim: a nudge, capacity in a lane that has more, or a second has passed."""
        try:
            await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
        except TimeoutError:
            return
        await asyncio.sleep(BREATH_SECONDS)
        self._wake.clear()

    def _recorded(self, outcomes: Sequence[Outcome]) -> None:
        self.sent += len(outcomes)
        for endpoint in {each.claim.endpoint_id for each in outcomes if each.problem == Problem.GONE}:
            self._gone.put_nowait(endpoint)

    async def _switch_off_forever(self) -> None:
        """Those that answered 410. Until it is done their lanes stay closed."""
        while True:
            endpoint = await self._gone.get()
            await asyncio.to_thread(switch_off_gone, endpoint_id=endpoint)
            self._lanes.open(endpoint)
            self._gone.task_done()

    async def _listen(self) -> None:
        """Wakes at nudges. Without Redis the second's poll remains."""
        while True:
            try:
                async with (
                    Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2) as redis,
                    redis.pubsub() as heard,
                ):
                    await heard.subscribe(CHANNEL)
                    async for _ in heard.listen():
                        self._wake.set()
            except Exception as error:  # noqa: BLE001  (whatever it is: sending goes on without)
                _log.debug("webhooks.not_listening", reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _come_to_an_end(self) -> None:
        """Gives back what has not left, lets messages on the way arrive, and waits for their reports."""
        unsent = self._lanes.take_waiting()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._give_back(unsent)
        if self._running:
            await asyncio.wait(list(self._running), timeout=STOP_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                while self._reports.open:
                    await asyncio.sleep(GATHER_SECONDS)
                await self._gone.join()

    async def _put_down(self) -> None:
        """However it ends: gives back what is held, and records what came back."""
        self._stopping = True
        unsent = [*self._lanes.take_waiting(), *self._running.values()]
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._give_back(unsent)
                if self._reports.open:
                    await self._reports.write()
        except (*LOST, psycopg.Error) as error:
            _log.warning("webhooks.stopped_without_report", reason=str(error))
        finally:
            await self._database.close()
            await self._reports.close()


def _count(outcome: Outcome) -> None:
    claim, seconds = outcome.claim, outcome.duration_ms / 1000
    ATTEMPTS.labels(outcome.problem or "none").inc()
    ATTEMPT_SECONDS.observe(seconds)
    if outcome.succeeded and claim.written_at:
        took = outcome.started_at - claim.written_at + timedelta(seconds=seconds)
        reached(Stage.DELIVERED, mode=claim.mode, after=took)


def _filled(claims: Iterable[Claim], capacities: Capacities) -> set[int]:
    """Endpoints that were given all that they had capacity for."""
    given: dict[int, int] = {}
    for claim in claims:
        given[claim.endpoint_id] = given.get(claim.endpoint_id, 0) + 1
    return {
        endpoint for endpoint, number in given.items() if number >= capacities.sizes.get(endpoint, capacities.fresh)
    }
