"""The sender: claims what is due, posts it, reports. One per worker process; any number of them may run at once.

PostgreSQL is the truth: it is asked every second and whenever Redis nudges. What dies on the way is due again when
its lease ends.
"""

import asyncio
import time
from collections.abc import Iterable
from functools import partial

import aiohttp
import structlog
from django.conf import settings
from redis import RedisError
from redis.asyncio import Redis

from webhooks_app.attempts import attempt, open_client
from webhooks_app.delivery import ENDPOINTS_A_CLAIM, Claim, Outcome, claim_due, give_back, report, set_aside
from webhooks_app.endpoint_care import switch_off_gone
from webhooks_app.lanes import MOST_CLAIMED, Lanes, fresh_room
from webhooks_app.nudging import CHANNEL
from webhooks_app.problems import Problem
from webhooks_app.sender_database import LOST, RETRY_SECONDS, SenderDatabase
from webhooks_app.targets import Target, targets_of

POLL_SECONDS = 1.0
# Reports leave together; this long the first of them waits for others.
GATHER_SECONDS = 0.005
MOST_IN_A_REPORT = 500
# Between two claims, so that a flood of nudges makes few large claims and not many small ones.
BREATH_SECONDS = 0.003
# How long a stop waits for messages on the way; the rest is given back.
STOP_SECONDS = 5.0
HEALTH_NOTED_EVERY_SECONDS = 1.0

_log = structlog.get_logger()


class Sender:
    """Runs until `stop`, whatever becomes of database and Redis meanwhile."""

    def __init__(self) -> None:
        self.sent = 0
        self._lanes = Lanes()
        self._targets: dict[int, Target] = {}
        self._claims_database = SenderDatabase("sender claims")
        self._reports_database = SenderDatabase("sender reports")
        self._running: dict[asyncio.Task[None], Claim] = {}
        self._outcomes: list[Outcome] = []
        self._health: dict[int, tuple[bool, float]] = {}
        self._more_of: set[int] = set()  # endpoints whose room the last claim filled: there may be more
        self._more_anywhere = False  # it served as many as one claim may
        self._wake = asyncio.Event()
        self._to_report = asyncio.Event()
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Asks `run` to come to an end: nothing new is claimed. May be called from any thread."""
        self._stopping = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Sends until stopped."""
        self._loop = asyncio.get_running_loop()
        async with open_client() as client:
            reporting = asyncio.create_task(self._report_forever())
            listening = asyncio.create_task(self._listen())
            try:
                while not self._stopping:
                    await self._claim_and_start(client)
                    await self._wait()
                await self._come_to_an_end()
            finally:
                self._loop = None
                listening.cancel()
                reporting.cancel()
                await asyncio.gather(listening, reporting, return_exceptions=True)
                await self._claims_database.close()
                await self._reports_database.close()

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
        if self._more_anywhere and self._lanes.total_room() > 0:
            self._wake.set()

    async def _claim(self) -> list[Claim]:
        """What may leave now. Endpoints that were switched off meanwhile are sorted out."""
        limit = self._lanes.total_room()
        self._more_of.clear()
        self._more_anywhere = False
        if limit <= 0:
            return []
        rooms = self._lanes.rooms()
        claims = await self._claims_database.run(partial(claim_due, rooms=rooms, fresh_room=fresh_room(), limit=limit))
        if not claims:
            self._lanes.forget_idle()
            return []
        self._more_of = _filled(claims, rooms)
        endpoints = {claim.endpoint_id for claim in claims}
        self._more_anywhere = len(claims) >= limit or len(endpoints) >= ENDPOINTS_A_CLAIM
        # These are ours now: whatever happens to the connection, they must leave and not wait for the lease's end.
        self._targets |= await self._claims_database.run_until_done(partial(targets_of, endpoint_ids=endpoints))
        off = [claim for claim in claims if not self._targets[claim.endpoint_id].is_on]
        if off:
            await self._claims_database.run_until_done(partial(set_aside, claims=off))
        return [claim for claim in claims if self._targets[claim.endpoint_id].is_on]

    def _start(self, client: aiohttp.ClientSession, endpoint: int) -> None:
        for claim in self._lanes.start(endpoint):
            task = asyncio.create_task(self._send(client, claim))
            self._running[task] = claim
            task.add_done_callback(self._running.pop)

    async def _send(self, client: aiohttp.ClientSession, claim: Claim) -> None:
        succeeded, seconds = False, 0.0
        try:
            outcome = await attempt(client, self._targets[claim.endpoint_id], claim)
            succeeded, seconds = outcome.succeeded, outcome.duration_ms / 1000
            self._outcomes.append(outcome)
            self._to_report.set()
        finally:
            self._lanes.finish(claim.endpoint_id, succeeded=succeeded, seconds=seconds)
            if not self._stopping:
                self._start(client, claim.endpoint_id)
            if self._is_more_wanted(claim.endpoint_id):
                self._wake.set()

    def _is_more_wanted(self, endpoint: int) -> bool:
        """Something is known to be due, and there is room for a claim worth its round trip."""
        if self._more_anywhere and self._lanes.total_room() >= MOST_CLAIMED // 4:
            return True
        return endpoint in self._more_of and self._lanes.is_short_of_work(endpoint)

    async def _wait(self) -> None:
        """Until there is something to claim: a nudge, room in a lane that has more, or a second has passed."""
        try:
            await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
        except TimeoutError:
            return
        await asyncio.sleep(BREATH_SECONDS)
        self._wake.clear()

    async def _report_forever(self) -> None:
        while True:
            await self._to_report.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._to_report.clear()
            while self._outcomes:
                await self._report_some()

    async def _report_some(self) -> None:
        some = sorted(self._outcomes[:MOST_IN_A_REPORT], key=lambda outcome: outcome.claim.delivery_id)
        del self._outcomes[:MOST_IN_A_REPORT]
        health = self._news_of_health(some)
        try:
            await self._reports_database.run_until_done(partial(report, outcomes=some, health=health))
        except asyncio.CancelledError:
            self._outcomes += some
            raise
        self.sent += len(some)
        for endpoint in {each.claim.endpoint_id for each in some if each.problem == Problem.GONE}:
            await asyncio.to_thread(switch_off_gone, endpoint_id=endpoint)

    def _news_of_health(self, outcomes: Iterable[Outcome]) -> dict[int, bool]:
        """Which endpoints took messages and which did not, leaving out what was noted a moment ago."""
        now = time.monotonic()
        took: dict[int, bool] = {}
        for outcome in outcomes:
            endpoint = outcome.claim.endpoint_id
            took[endpoint] = took.get(endpoint, False) or outcome.succeeded
        news = {
            endpoint: succeeded
            for endpoint, succeeded in took.items()
            if self._health.get(endpoint, (None, 0.0))[0] is not succeeded
            or now - self._health[endpoint][1] > HEALTH_NOTED_EVERY_SECONDS
        }
        self._health |= {endpoint: (succeeded, now) for endpoint, succeeded in news.items()}
        return news

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
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(RETRY_SECONDS)

    async def _come_to_an_end(self) -> None:
        """Lets messages on the way arrive, reports them, and gives back the rest."""
        unsent = self._lanes.take_waiting()
        if self._running:
            await asyncio.wait(list(self._running), timeout=STOP_SECONDS)
        unsent += self._running.values()
        for task in list(self._running):
            task.cancel()
        try:
            if unsent:
                await self._claims_database.run(partial(give_back, claims=unsent))
            await self._flush()
        except LOST as error:
            _log.warning("webhooks.stopped_without_report", reason=str(error))

    async def _flush(self) -> None:
        async with asyncio.timeout(STOP_SECONDS):
            while self._outcomes:
                self._to_report.set()
                await asyncio.sleep(GATHER_SECONDS)


def _filled(claims: Iterable[Claim], rooms: dict[int, int]) -> set[int]:
    """Endpoints that were given all that they had room for."""
    given: dict[int, int] = {}
    for claim in claims:
        given[claim.endpoint_id] = given.get(claim.endpoint_id, 0) + 1
    return {endpoint for endpoint, number in given.items() if number >= rooms.get(endpoint, fresh_room())}
