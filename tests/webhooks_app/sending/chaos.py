"""Senders and Redis are killed with -9 or stopped, and started again, and the senders' lines to the database are cut,
at random while events happen; who lost or doubled one?
"""

import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.db import connection
from django.db.models import QuerySet
from django.test import override_settings
from django.utils import timezone
from redis import Redis

from checkout_project.running.embedded import Valkey
from merchants_app.models import Merchant
from tests.waiting import wait_until
from webhooks_app.endpoints.endpoints import create_endpoint
from webhooks_app.event_types import EventType
from webhooks_app.events.outbox import NewEvent, record_events
from webhooks_app.models import Delivery, DeliveryState

ROOT = Path(__file__).resolve().parents[3]
MANNERS = [
    *["healthy"] * 10, *["slow"] * 1, *["crawling"] * 2, *["hanging"] * 2, *["broken"] * 2, *["reset"] * 2, "moved"
]  # fmt: skip
EVENTS_A_SESSION = 5
MOST_AT_ONCE = 25


@dataclass(frozen=True)
class Chaos:
    """How wild it gets."""

    events: int
    seconds: float  # over which the events are spread
    kill_every: float  # seconds, on average
    senders: int = 2
    end_leases: bool = False  # do not wait 60 s for what killed senders held


@dataclass(frozen=True)
class Result:
    """What the healthy and slow endpoints saw."""

    seed: int
    events: int
    kills: int
    endpoints: dict[str, dict[str, Any]]
    held: Counter[tuple[str, str]]  # path and webhook-id: at how many kills it was on its way

    @property
    def complete(self) -> bool:
        """Each has every event, every signature is right, no session's numbers have a gap, and an event that came
        again had the webhook-id it had before.
        """
        return len(self.endpoints) == MANNERS.count("healthy") and all(
            (seen["different"], seen["forged"], seen["gaps"], seen["renamed"]) == (self.events, 0, 0, 0)
            for seen in self.endpoints.values()
        )

    @property
    def again(self) -> Counter[tuple[str, str]]:
        """Path and webhook-id of what came more than once: how many times more."""
        return Counter({(path, each): n for path, seen in self.endpoints.items() for each, n in seen["again"].items()})

    @property
    def unexplained(self) -> Counter[tuple[str, str]]:
        """What came again more often than a sender was killed while it was on its way: nothing may."""
        return self.again - self.held


def run(chaos: Chaos) -> Result:
    """Needs a database whose rows other processes see. Random; the seed is in the result."""
    seed = secrets.randbelow(10**6)
    dice = random.Random(seed)
    merchant = Merchant.objects.create(name="Chaos")
    with _receiver() as url, _redis() as redis, _senders(chaos.senders, redis.url) as senders:
        healthy = _listen(merchant, url)
        kills, held = 0, Counter[tuple[str, str]]()
        with override_settings(REDIS_URL=redis.url):
            started, next_kill, number = time.monotonic(), chaos.kill_every, 0
            while number < chaos.events:
                now = time.monotonic() - started
                if now >= next_kill:
                    kills += 1
                    next_kill = now + dice.uniform(0.5, 1.5) * chaos.kill_every
                    held += _strike(dice, senders, redis, healthy)
                due = min(int(now * chaos.events / chaos.seconds) + 1, chaos.events, number + MOST_AT_ONCE)
                _happen(merchant, range(number, due))
                number = max(number, due)
                time.sleep(0.01)
        waiting = Delivery.objects.filter(endpoint__in=healthy, state=DeliveryState.PENDING)
        if chaos.end_leases:
            wait_until(lambda: not waiting.filter(leased=False).exists(), seconds=120, every=0.2)
            _end_leases(senders, waiting)
        wait_until(lambda: not waiting.exists(), seconds=180, every=0.2)
        seen = httpx.get(f"{url}/verdict", trust_env=False, timeout=120).json()
    of_healthy = {path: each for path, each in seen.items() if path in healthy.values()}
    return Result(seed, chaos.events, kills, of_healthy, held)


class SenderProcess:
    """A sender that can be killed and started again."""

    def __init__(self, redis_url: str) -> None:
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
        self._env = os.environ | {
            "DATABASE_URL": database.geturl(),
            "REDIS_URL": redis_url,
            "DJANGO_SETTINGS_MODULE": "checkout_project.settings",
            "WEBHOOK_ALLOW_PRIVATE": "1",
        }
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "manage.py", "send_webhooks"], cwd=ROOT, env=self._env)

    def freeze(self) -> None:
        """It does nothing more, and is still there."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)

    def kill(self) -> None:
        """With -9."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """As a deployment does."""
        self._process.terminate()
        self._process.wait()


def _on_their_way(endpoints: dict[int, str]) -> Counter[tuple[str, str]]:
    """Path and webhook-id of what senders have claimed and not reported: the most that can come again."""
    leased = Delivery.objects.filter(endpoint__in=endpoints, state=DeliveryState.PENDING, leased=True)
    return Counter(
        (endpoints[endpoint], event) for endpoint, event in leased.values_list("endpoint", "event__public_id")
    )


def _end_leases(senders: list[SenderProcess], waiting: QuerySet[Delivery]) -> None:
    """What the dead had claimed is due at once. Who lives stops first, and so holds nothing: time proves nothing."""
    for sender in senders:
        sender.stop()
    waiting.update(next_attempt_at=timezone.now())
    for sender in senders:
        sender.start()


def _strike(
    dice: random.Random, senders: list[SenderProcess], redis: Valkey, endpoints: dict[int, str]
) -> Counter[tuple[str, str]]:
    """One of them ends and comes back, or all lose their lines to the database; what was on its way when one died."""
    match dice.choice(["kill", "kill", "stop", "redis", "cut"]):
        case "kill":
            victim = dice.choice(senders)
            victim.freeze()  # what it has claimed or reported by now is all it ever will
            held = _on_their_way(endpoints)
            victim.kill()
            victim.start()
            return held
        case "stop":
            victim = dice.choice(senders)
            victim.stop()
            victim.start()
        case "redis":
            os.kill(Redis.from_url(redis.url).info()["process_id"], signal.SIGKILL)
            redis.stop()  # only to bury it
            redis.start()
        case _:
            _cut_lines()
    return Counter()


def _cut_lines() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name LIKE 'tallystick sender%%' AND datname = current_database()"
        )


def _happen(merchant: Merchant, numbers: range) -> None:
    """Events in one transaction; every five in a row are about one session."""
    record_events([
        NewEvent(
            merchant_id=merchant.pk, mode="test", type=EventType.CHECKOUT_PROCESSING,
            subject=f"cs_chaos_{merchant.pk}_{number // EVENTS_A_SESSION}", sequence=number % EVENTS_A_SESSION + 1,
            data={"number": number},
        )
        for number in numbers
    ])  # fmt: skip


def _listen(merchant: Merchant, url: str) -> dict[int, str]:
    """Makes the endpoints and tells the receiver their secrets; the healthy ones' keys and paths."""
    made = {
        f"/{manners}/{number}": create_endpoint(
            merchant=merchant, mode="test", url=f"{url}/{manners}/{number}", actor="chaos"
        )
        for number, manners in enumerate(MANNERS)
    }
    given: dict[str, Any] = {path: secret for path, (_, secret) in made.items()}
    httpx.post(f"{url}/secrets", json=given, trust_env=False).raise_for_status()
    return {endpoint.pk: path for path, (endpoint, _) in made.items() if path.startswith("/healthy")}


@contextmanager
def _receiver() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.webhooks_app.sending.chaos_receiver"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def _redis() -> Iterator[Valkey]:
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        redis = Valkey(folder=Path(folder) / "valkey", password=secrets.token_urlsafe(16))
        redis.start()
        try:
            yield redis
        finally:
            redis.stop()


@contextmanager
def _senders(number: int, redis_url: str) -> Iterator[list[SenderProcess]]:
    senders = [SenderProcess(redis_url) for _ in range(number)]
    try:
        yield senders
    finally:
        for sender in senders:
            sender.kill()
