"""What is counted while it happens: each process counts for itself, and tells it at `/metrics` or at `METRICS_PORT`.

Labels are words of ours, networks, hosts of nodes and names of routes: never an id, so that their number is bounded.
What the database knows is not counted here but read there (`checkout_project/observing/known.py`).
"""

from datetime import timedelta
from enum import StrEnum
from functools import partial

from django.db import transaction
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

REGISTRY = CollectorRegistry(auto_describe=True)
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second number beside each, which nobody reads

_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_PATIENT = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 1800, 3600, 6 * 3600, 24 * 3600)


class Stage(StrEnum):
    """The way of a payment, each with what its seconds are counted from."""

    CREATED = "created"
    OPENED = "opened"  # the buyer's page, for the first time; since it was created
    QUOTED = "quoted"  # the first price in an asset; since it was opened, or created where no page was
    SEEN = "seen"  # a payment; since the time of its block, or since it was first among the waiting ones
    CONFIRMED = "confirmed"  # a payment; since it was seen
    COMPLETED = "completed"  # since it was created
    DELIVERED = "delivered"  # an event to an endpoint; since the event was written


STAGES = Counter(
    "tallystick_stages",
    "Sessions, payments and events that came to a stage of a payment's way.",
    ["stage", "mode", "network"],
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    "tallystick_stage_seconds",
    "How long that took since what came before.",
    ["stage", "mode", "network"],
    buckets=_PATIENT,
    registry=REGISTRY,
)
ATTEMPTS = Counter(
    "tallystick_delivery_attempts",
    "Webhooks posted, by what went wrong; `none`: delivered.",
    ["problem"],
    registry=REGISTRY,
)
ATTEMPT_SECONDS = Histogram(
    "tallystick_delivery_attempt_seconds", "How long receivers took.", buckets=_QUICK, registry=REGISTRY
)
LETTERS = Counter(
    "tallystick_letters",
    "Letters handed to the mail server: sent, refused for good, later, away.",
    ["outcome"],
    registry=REGISTRY,
)
RPC_REQUESTS = Counter(
    "tallystick_rpc_requests",
    "HTTP requests to nodes, by what came of them: ok, throttled, too_much, failed.",
    ["network", "host", "outcome"],
    registry=REGISTRY,
)
RPC_SECONDS = Histogram(
    "tallystick_rpc_seconds", "How long nodes took.", ["network", "host"], buckets=_QUICK, registry=REGISTRY
)
HTTP_REQUESTS = Counter(
    "tallystick_http_requests", "Answers, by route.", ["route", "method", "status"], registry=REGISTRY
)
HTTP_SECONDS = Histogram(
    "tallystick_http_request_seconds", "How long they took.", ["route"], buckets=_QUICK, registry=REGISTRY
)
WEB_THREADS = Gauge("tallystick_web_threads", "Threads that answer.", multiprocess_mode="livesum", registry=REGISTRY)
WEB_THREADS_BUSY = Gauge(
    "tallystick_web_threads_busy", "… and are at it.", multiprocess_mode="livesum", registry=REGISTRY
)
WEB_WAITING = Gauge(
    "tallystick_web_requests_waiting",
    "Requests that no thread has yet.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
TASKS = Counter("tallystick_tasks", "Tasks that ended: success, failure.", ["task", "outcome"], registry=REGISTRY)
TASK_SECONDS = Histogram("tallystick_task_seconds", "How long they took.", ["task"], buckets=_QUICK, registry=REGISTRY)
TASKS_RUNNING = Gauge("tallystick_tasks_running", "Tasks at work.", multiprocess_mode="livesum", registry=REGISTRY)
TASK_ENDED_AT = Gauge(
    "tallystick_task_ended_timestamp_seconds",
    "When a task last ended well.",
    ["task"],
    multiprocess_mode="max",
    registry=REGISTRY,
)
CLOCK_JUMPS = Counter(
    "tallystick_clock_jumps", "How often this machine's clock was set by two seconds or more.", registry=REGISTRY
)
TICK_SENT_AT = Gauge(
    "tallystick_tick_sent_timestamp_seconds",
    "When beat last had a job's turn, whether it was sent or still waits.",
    ["task"],
    multiprocess_mode="max",
    registry=REGISTRY,
)


def reached(stage: Stage, *, mode: str, network: str = "", after: timedelta | None = None) -> None:
    """Counts it."""
    STAGES.labels(stage, mode, network).inc()
    if after is not None:
        STAGE_SECONDS.labels(stage, mode, network).observe(max(0.0, after.total_seconds()))


def reached_on_commit(stage: Stage, *, mode: str, network: str = "", after: timedelta | None = None) -> None:
    """Counts it once the transaction around it is committed."""
    transaction.on_commit(partial(reached, stage, mode=mode, network=network, after=after))
