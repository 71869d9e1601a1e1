"""The part of `bench.webhooks.chunks` that runs on the database of its own."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import django

django.setup()

import psycopg  # noqa: E402
from django.db import OperationalError, connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.tools.figures import figure, most  # noqa: E402
from common.postgresql.chunks import make_next  # noqa: E402
from merchants_app.models import Merchant  # noqa: E402
from webhooks_app.events.retention import EVENTS  # noqa: E402
from webhooks_app.models import Delivery, Event, WebhookEndpoint  # noqa: E402
from webhooks_app.queue.delivery import Capacities, Claim, Connection, Outcome, claim_due, report  # noqa: E402

ENDPOINTS, QUEUE, ROUNDS, MOST = 200, 50, 60, 1.5
PLENTY = Capacities(sizes={}, holding=frozenset(), fresh=10, held=500, total=500)

_EVENTS = f"""
INSERT INTO {Event._meta.db_table} (id, public_id, merchant_id, mode, type, subject, subject_sequence, data)
SELECT n, 'evt_' || n, %s, 'test', 'checkout.created', 'cs_' || n, 1, jsonb_build_object('filler', repeat('x', 600))
FROM generate_series(%s::int, %s::int) AS n
"""
_DELIVERIES = f"""
INSERT INTO {Delivery._meta.db_table} (public_id, event_id, endpoint_id, state, attempts_made, next_attempt_at)
SELECT 'dlv_' || n, n, (%s::bigint[])[1 + n %% {ENDPOINTS}], %s, 0, now() - interval '1 minute'
FROM generate_series(%s::int, %s::int) AS n
"""


def main() -> int:
    """Tells both, in one chunk and in several."""
    deliveries, chunks = int(sys.argv[1]), int(sys.argv[2])
    merchant = Merchant.objects.create(name="Bench")
    made = WebhookEndpoint.objects.bulk_create(
        WebhookEndpoint(merchant=merchant, mode="test", url=f"http://127.0.0.1:9/{n}") for n in range(ENDPOINTS)
    )
    endpoints = [each.pk for each in made]
    measured = []
    for number in (1, chunks):
        fill(merchant, endpoints, deliveries, number)
        measured.append(asyncio.run(measure()))
    good = True
    for what, in_one, in_several in zip(("a claim", "a report"), *measured, strict=True):
        name, floor = f"{what} of 500, {deliveries:,} deliveries in {chunks} chunks", "that in one"
        goal = most(MOST) if what == "a report" else None
        good &= figure(name, in_several, "ms (best)", ratio=in_several / in_one, floor=floor, goal=goal)
    return 0 if good else 1


def fill(merchant: Merchant, endpoints: list[int], deliveries: int, chunks: int) -> None:
    """As many in each; those that wait are the newest."""
    each = deliveries // chunks
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(EVENTS.tables)} CASCADE")
        while len(EVENTS.chunks()) <= chunks:
            with suppress(OperationalError):  # autovacuum has one of them
                make_next(EVENTS, EVENTS.chunks()[-1].upper)
        for number, chunk in enumerate(EVENTS.chunks()[:chunks]):
            first = chunk.lower + 1
            waiting = first + each - (ENDPOINTS * QUEUE if number == chunks - 1 else 0)
            cursor.execute(_EVENTS, [merchant.pk, first, first + each - 1])
            cursor.execute(_DELIVERIES, [endpoints, "succeeded", first, waiting - 1])
            cursor.execute(_DELIVERIES, [endpoints, "pending", waiting, first + each - 1])
        cursor.execute("VACUUM ANALYZE")


async def measure() -> tuple[float, float]:
    """The best of the rounds, in milliseconds: a claim, a report on what it took."""
    options = connection.get_connection_params()
    given = {name: options[name] for name in ("dbname", "user", "password", "host", "port") if name in options}
    async with await psycopg.AsyncConnection.connect(**given) as own:
        claims: list[Claim] = []

        async def claim() -> None:
            claims[:] = await claim_due(own, PLENTY)

        async def tell() -> None:
            at = timezone.now()
            outcomes = [Outcome(claim=each, started_at=at, duration_ms=5, status_code=200) for each in claims]
            assert await report(own, outcomes, {}) == ([], [])

        claiming = await best(own, claim)
        await claim()
        await own.commit()
        assert len(claims) == PLENTY.total
        return claiming, await best(own, tell)


async def best(own: Connection, act: Callable[[], Awaitable[None]]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await act()
        times.append(1000 * (time.perf_counter() - began))
        await own.rollback()
    return min(times)


if __name__ == "__main__":
    sys.exit(main())
