"""Deliveries a second from one sender, as a ratio to the same POSTs by bare aiohttp; and what hanging endpoints cost.

    python -m bench webhook_delivery                      # everything, with 1,000,000 old deliveries in the end
    python -m bench webhook_delivery --old 0 --events 10000

Claim, signature, POST and recorded attempt are in; sender, PostgreSQL and receiver share the machine. Uses a database
of its own (`tallystick_bench`) on the server that DATABASE_URL names, made anew and left behind.
Wanted: ratio >= 0.35 and >= 2,500/s; with half of the endpoints hanging, or answering 200 after seconds, the others'
p99 from commit to receipt <= 1 s; old deliveries change neither by more than 20 %. Exits with 1 when missed.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psycopg

from bench.tools.figures import figure, least, most
from common.garbage import collect_rarely

ROOT = Path(__file__).resolve().parents[2]
ENDPOINTS, IN_FLIGHT, ROUNDS = 4, 64, 3
# How those behave that must not delay the others (`receiver.py`).
MANNERS = {"hang": "hanging", "slow": "answering slowly"}
# Milliseconds are the machine's own unrest; only what is more than that is compared.
NOISE_SECONDS = 0.05
MISSED: list[str] = []
BODY = {"amount": 49.0, "currency": "USD", "metadata": {"orderId": "10482"}, "filler": "x" * 1200}


def main() -> int:
    """Tells the figures; 1 when one of them is missed."""
    parser = argparse.ArgumentParser(description="How fast webhooks leave.")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--old", type=int, default=1_000_000)
    asked = parser.parse_args()
    prepare_database()
    with receiver() as url:
        small = measure(url, asked.events, "empty table")
        if asked.old:
            fill(asked.old)
            compare(small, measure(url, asked.events, f"beside {asked.old:,} old ones"))
    return 1 if MISSED else 0


def tell(*given: Any, **options: Any) -> None:
    """A figure, and that it was missed."""
    if not figure(*given, **options):
        MISSED.append(given[0])


def measure(url: str, events: int, title: str) -> dict[str, float]:
    """Three rounds, each with bare aiohttp beside it."""
    rounds = [(asyncio.run(bare_posts(url, events)), deliveries(url, events)) for _ in range(ROUNDS)]
    rates, ratios = [ours for _, ours in rounds], [ours / bare for bare, ours in rounds]
    tell(f"deliveries, {title}", rates, "a second", goal=least(2500))
    tell(f"deliveries, {title}, and bare aiohttp", rates, "a second", ratio=ratios, floor="aiohttp", goal=least(0.35))
    found = {"ratio": statistics.median(ratios)}
    for path, manners in MANNERS.items():
        _, found[manners] = beside(url, path)
        tell(f"p99 to healthy ones, {title}, half of all {manners}", found[manners], "s", goal=most(1))
    return found


def compare(small: dict[str, float], large: dict[str, float]) -> None:
    """What many old deliveries change."""
    tell("speed that is left beside old ones", large["ratio"] / small["ratio"], "of that without", goal=least(0.8))
    for manners in MANNERS.values():
        longer = (large[manners] - NOISE_SECONDS) / small[manners]
        tell(f"p99 beside old ones, half of all {manners}", longer, "of that without", goal=most(1.2))


async def bare_posts(url: str, number: int) -> float:
    """The same POSTs with nothing around them, a second."""
    payload = json.dumps(BODY).encode()
    headers = {"content-type": "application/json"}
    left = iter(range(number))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:

        async def post_on() -> None:
            for _ in left:
                async with client.post(f"{url}/ok", data=payload, headers=headers) as response:
                    await response.read()

        started = time.perf_counter()
        await asyncio.gather(*(post_on() for _ in range(IN_FLIGHT)))
    return number / (time.perf_counter() - started)


def deliveries(url: str, number: int) -> float:
    """Deliveries a second of one sender, from its start to the last recorded attempt."""
    from webhooks_app.sending.sender import Sender

    endpoints([f"{url}/ok"] * ENDPOINTS)
    record(number // ENDPOINTS)

    async def send() -> float:
        sender = Sender()
        started = time.perf_counter()
        running = asyncio.create_task(sender.run())
        while sender.sent < number:
            await asyncio.sleep(0.01)
        took = time.perf_counter() - started
        sender.stop()
        await running
        return took

    return number / asyncio.run(send())


def beside(url: str, path: str, seconds: float = 10.0, a_second: int = 40) -> tuple[float, float]:
    """Seconds from commit to receipt at ten healthy endpoints beside ten at the path: median and p99."""
    from django.conf import settings

    endpoints([f"{url}/ok", f"{url}/{path}"] * 10)
    sender = subprocess.Popen([sys.executable, "manage.py", "send_webhooks"], cwd=ROOT, env=os.environ | {
        "REDIS_URL": settings.REDIS_URL
    })  # fmt: skip
    try:
        until(lambda: _is_under_way(url), 30)
        for _ in range(int(seconds * a_second)):
            record(1)
            time.sleep(1 / a_second)
        expected = int(seconds * a_second) * 10
        seen: list[float] = []
        until(lambda: seen.extend(get(f"{url}/latency")["seconds"]) or len(seen) >= expected, 20)
    finally:
        sender.kill()
        sender.wait()
    return statistics.median(seen), statistics.quantiles(seen, n=100)[98]


def _is_under_way(url: str) -> bool:
    """The sender has started, and has sent what had come until then."""
    record(1)
    time.sleep(0.2)
    seen = get(f"{url}/latency")["seconds"]
    return bool(seen) and max(seen) < 0.2


def record(number: int) -> None:
    """Events for all endpoints, as the gateway writes them; committed in hundreds."""
    from webhooks_app.event_types import EventType
    from webhooks_app.events.outbox import NewEvent, record_events

    merchant = the_merchant()
    for first in range(0, number, 100):
        record_events([
            NewEvent(
                merchant_id=merchant.pk, mode="test", type=EventType.CHECKOUT_COMPLETED,
                subject=f"cs_{time.time_ns()}_{each}", sequence=1, data=BODY | {"sentAt": time.time()},
            )
            for each in range(first, min(first + 100, number))
        ])  # fmt: skip


def endpoints(urls: list[str]) -> None:
    """The merchant's only endpoints from now on; nothing is left waiting for former ones."""
    from django.utils import timezone

    from webhooks_app.endpoints.endpoints import create_endpoint
    from webhooks_app.models import Delivery, WebhookEndpoint

    Delivery.objects.filter(state="pending").update(state="failed", next_attempt_at=None)
    WebhookEndpoint.objects.update(deleted_at=timezone.now())
    for url in urls:
        create_endpoint(merchant=the_merchant(), mode="test", url=url, actor="bench")


def the_merchant() -> Any:
    from merchants_app.models import Merchant

    return Merchant.objects.get_or_create(name="Bench")[0]


def fill(number: int) -> None:
    """Old deliveries with an attempt each, over a hundred endpoints."""
    from django.db import connection

    merchant = the_merchant()
    print(f"filling {number:,} old deliveries …", flush=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO webhooks_app_event (public_id, merchant_id, mode, type, subject, subject_sequence, data) "
            "SELECT 'evt_old_' || n, %s, 'test', 'checkout.completed', 'cs_old_' || n, 1, '{\"a\": 1}' "
            "FROM generate_series(1, %s) n",
            [merchant.pk, number],
        )
        cursor.execute(
            "INSERT INTO webhooks_app_delivery "
            "(public_id, event_id, endpoint_id, state, attempts_made, next_attempt_at) "
            "SELECT 'dlv_old_' || e.id, e.id, (SELECT min(id) FROM webhooks_app_webhookendpoint) + e.id % 4, "
            "'succeeded', 1, NULL FROM webhooks_app_event e WHERE e.public_id LIKE 'evt_old_%'"
        )
        cursor.execute(
            "INSERT INTO webhooks_app_deliveryattempt "
            "(delivery_id, started_at, duration_ms, status_code, problem, detail, answer_excerpt) "
            "SELECT id, now() - interval '10 days', 20, 200, '', '', 'ok' FROM webhooks_app_delivery "
            "WHERE public_id LIKE 'dlv_old_%'"
        )
        cursor.execute("VACUUM ANALYZE webhooks_app_delivery, webhooks_app_event, webhooks_app_deliveryattempt")


def prepare_database() -> None:
    """An empty, migrated database; Django set up on it."""
    given = os.environ["DATABASE_URL"]
    path = urlsplit(given).path
    with psycopg.connect(given.replace(path, "/postgres", 1), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS tallystick_bench WITH (FORCE)")
        connection.execute("CREATE DATABASE tallystick_bench")
    os.environ["DATABASE_URL"] = given.replace(path, "/tallystick_bench", 1)
    os.environ["WEBHOOK_ALLOW_PRIVATE"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "checkout_project.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)
    collect_rarely()  # as a worker does; bare aiohttp has the good of it too


@contextmanager
def receiver() -> Iterator[str]:
    """The receiver's URL while it runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.webhooks.receiver"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


def get(url: str) -> Any:
    import httpx

    return httpx.get(url, trust_env=False, timeout=10).json()


def until(done: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
