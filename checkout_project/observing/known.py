"""What the database and Redis know, read when Prometheus asks, so that every web process says the same.

A dozen and a half small queries, each by an index of what waits or runs, which is counted up to a limit: a scrape
costs the same however many sessions and deliveries there are, or ever were.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import inf

from django.db import DatabaseError, InterfaceError
from django.db.models import Min
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chains_app.reading.heads import blocks_behind
from checkout_project.errors.outage import is_outage
from checkout_project.facts.database import OK, UNREACHABLE
from checkout_project.facts.installation import MOST_COUNTED, Facts, NetworkFacts, Stored, counted, facts
from checkout_project.facts.queued import Queued
from common.database import fetch, fetch_by_index
from common.modes import Mode
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Letter
from sessions_app.status import LIVE
from webhooks_app.models import Delivery, DeliveryState, WebhookEndpoint
from webhooks_app.queue.oldest import first_due

# By the index of a business's sessions by status, business after business. Left to itself PostgreSQL takes a third of
# all sessions for running and reads the whole table for each: 2 s in place of 1 ms, of 200,000.
_RUNNING = f"""
SELECT mode, status, sum(number)::int
FROM {Merchant._meta.db_table} AS merchant
CROSS JOIN unnest(%s::text[]) AS mode
CROSS JOIN unnest(%s::text[]) AS status
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (
        SELECT FROM {CheckoutSession._meta.db_table} AS session
        WHERE session.merchant_id = merchant.id AND session.mode = mode.mode AND session.status = status.status
        LIMIT {MOST_COUNTED}
    ) AS first_of_them
) AS counted
GROUP BY mode, status
"""  # noqa: S608  (names of our own)
_CONNECTIONS = """
SELECT coalesce(state, 'other'), count(*), current_setting('max_connections')::int
FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1
"""


class Known(Collector):
    """All of it at one moment."""

    def collect(self) -> Iterator[Metric]:
        """Of what is away only that it is."""
        found = facts()
        yield _one("tallystick_database_up", "Whether it answers.", found.database.state != UNREACHABLE)
        yield _one("tallystick_database_writable", "Whether it takes writing.", found.database.state == OK)
        yield _one("tallystick_redis_up", "Whether Redis answers.", found.queued is not None)
        yield _one("tallystick_redis_writable", "Whether it takes writing.", found.heard is not None)
        apart = max((abs(ahead) for _, ahead in found.clocks()), default=0.0)
        yield _one("tallystick_clocks_apart_seconds", "The wrongest of our clocks, by the database's.", apart)
        if found.heard:
            yield from _heard(found.heard)
        if found.queued:
            yield from _queued(found.queued)
        if found.stored:
            yield from _stored(found.stored)
            try:
                yield from _counted(found)
            except (DatabaseError, InterfaceError) as error:
                if not is_outage(error):
                    raise
                # It went away meanwhile.

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not touch the database."""
        return []


def _heard(heard: Queued) -> Iterator[Metric]:
    yield _one("tallystick_workers", "Workers that said so lately.", sum(each.is_alive for each in heard.workers))
    yield _one("tallystick_beats", "Clocks that did.", sum(each.is_alive for each in heard.beats))


def _queued(queued: Queued) -> Iterator[Metric]:
    yield _by("queue", "tallystick_queue_tasks", "Tasks that no worker has taken yet.", queued.queues)
    failed = {each.name: each.times for each in queued.failing}
    yield _by("task", "tallystick_tasks_failed_lately", "Tasks that broke off within 24 hours.", failed)
    around = queued.neighbours or ()
    names = {each.place.host: not each.name_problem for each in around}
    yield _by("host", "tallystick_dns_up", "Whether a name server leads to a host that we need.", names)
    left: dict[str, float] = {}  # of what is looked at in several ways (a replica's trust, say) the worst
    for each in around:
        if each.left is not None:
            seconds = 0.0 if each.problem else each.left
            left[each.place.label] = min(seconds, left.get(each.place.label, inf))
    yield _by("host", "tallystick_certificate_seconds_left", "Until a certificate ends; 0: it is not believed.", left)


def _stored(stored: Stored) -> Iterator[Metric]:
    yield _one("tallystick_held", "Whether nothing is sent from here, until an operator says so.", bool(stored.held))
    if stored.replica is not None:
        yield _one("tallystick_replica_of_use", "Whether lists and files can be read from it.", not stored.replica)
    yield from _networks(stored.networks)
    ages = {each.name: inf if each.age is None else each.age for each in stored.sources}
    yield _by("source", "tallystick_rate_age_seconds", "Age of a source's newest rate; +Inf: none.", ages)
    yield _one("tallystick_event_untold_seconds", "Age of the oldest event that an endpoint lacks.", stored.untold)
    yield _one("tallystick_sessions_overdue", "Open sessions past their end.", stored.overdue)


def _networks(networks: Sequence[NetworkFacts]) -> Iterator[Metric]:
    """Of those that are switched on: one that never answered is told, one that was switched off is not."""
    yield _by(
        "network",
        "tallystick_chain_read_seconds_ago",
        "When a network was last read; +Inf: never.",
        {each.network.id: inf if each.lag is None else each.lag for each in networks},
    )
    yield _by(
        "network",
        "tallystick_chain_unread_seconds",
        "For how long a network could not be read; 0 while it can. From 30 on it is not offered.",
        {each.network.id: each.unread for each in networks},
    )
    yield _by(
        "network",
        "tallystick_chain_lag_blocks",
        "Blocks between the newest and the last that was read.",
        {each.network.id: each.cursor.head - each.cursor.block_number for each in networks if each.cursor},
    )
    yield _by(
        "network",
        "tallystick_chain_head_age_seconds",
        "How old a live network's newest block was when it was last asked for.",
        {
            each.network.id: each.head_age
            for each in networks
            if each.network.mode == Mode.LIVE and each.head_age is not None
        },
    )
    yield _by(
        "network",
        "tallystick_chain_set_aside",
        "Things that nodes said and that make no sense, asked for again until they do.",
        {each.network.id: each.set_aside for each in networks},
    )
    differences = CounterMetricFamily(
        "tallystick_provider_differences",
        "Answers of a provider that were not what proved right.",
        labels=["network", "host"],
    )
    for each in networks:
        for provider in each.providers:
            differences.add_metric([provider.network, provider.host], provider.differences)
    yield differences
    behind = GaugeMetricFamily(
        "tallystick_provider_behind_blocks",
        "Blocks between a provider's newest and the newest of them all, as they were compared last.",
        labels=["network", "host"],
    )
    for network, hosts in blocks_behind([each.network.id for each in networks]).items():
        for host, blocks in hosts.items():
            behind.add_metric([network, host], blocks)
    yield behind


def _counted(found: Facts) -> Iterator[Metric]:
    running = GaugeMetricFamily("tallystick_running_sessions", "Sessions not ended yet.", labels=["mode", "status"])
    for mode, status, number in fetch_by_index(_RUNNING, [list(Mode), list(LIVE)]):
        running.add_metric([mode, status], number)
    yield running
    undecided = CheckoutSession.objects.filter(needs_decision=True)
    yield _by(
        "mode",
        "tallystick_decisions_waiting",
        "Odd payments that a business has to decide about.",
        {mode.value: counted(undecided.filter(mode=mode)) for mode in Mode},
    )
    pending = Delivery.objects.filter(state=DeliveryState.PENDING).values("endpoint_id")  # the index has it
    yield _one("tallystick_deliveries_waiting", "Webhooks not delivered yet.", counted(pending))
    yield _one(
        "tallystick_delivery_overdue_seconds",
        "How long the most overdue webhook has been due; above 60 means that no worker sends.",
        _since(first_due(), found.now),
    )
    failing = WebhookEndpoint.objects.filter(failing_since__isnull=False, disabled_at=None, deleted_at=None)
    yield _one("tallystick_endpoints_failing", "Endpoints that took nothing since they last failed.", failing.count())
    letters = Letter.objects.filter(outcome="")
    yield _one("tallystick_letters_waiting", "Letters to buyers that have not left yet.", counted(letters))
    overdue = _since(letters.aggregate(first=Min("due_at"))["first"], found.now)
    yield _one("tallystick_letter_overdue_seconds", "How long the most overdue of them has been due.", overdue)
    connections = fetch(_CONNECTIONS, [])
    states = {state: number for state, number, _ in connections}
    yield _by("state", "tallystick_database_connections", "Connections to our database.", states)
    yield _one("tallystick_database_connections_limit", "Its server's `max_connections`.", connections[0][2])


def _since(then: datetime | None, now: datetime) -> float:
    return max(0.0, (now - then).total_seconds()) if then else 0.0


def _one(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=float(value))


def _by(label: str, name: str, meaning: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for of, value in values.items():
        family.add_metric([of], value)
    return family


KNOWN = CollectorRegistry()
KNOWN.register(Known())
