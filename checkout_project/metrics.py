"""What Prometheus reads: counted facts read from the database when asked, so that every web process says the same."""

from collections.abc import Iterator

from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chains_app.models import Provider, ScanCursor
from sessions_app.models import CheckoutSession
from webhooks_app.models import Delivery, DeliveryState


class Facts(Collector):
    """Sessions by status, waiting deliveries and the age of the oldest, and how long ago each chain was read."""

    def collect(self) -> Iterator[Metric]:
        """One small query a metric; without a database, that it is away."""
        is_up = True
        try:
            yield from [_sessions(), *_deliveries(), *_chains(), _differences()]
        except (DatabaseError, InterfaceError):
            is_up = False
        yield GaugeMetricFamily("tallystick_database_up", "Whether the database answers.", value=is_up)

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not touch the database."""
        return []


def _sessions() -> Metric:
    sessions = GaugeMetricFamily("tallystick_running_sessions", "Sessions not ended yet.", labels=["mode", "status"])
    running = CheckoutSession.objects.filter(status__in=["open", "processing"])
    for row in running.values("mode", "status").annotate(number=Count("id")).order_by():
        sessions.add_metric([row["mode"], row["status"]], row["number"])
    return sessions


def _deliveries() -> Iterator[Metric]:
    waiting = Delivery.objects.filter(state=DeliveryState.PENDING).aggregate(
        number=Count("id"), oldest=Min("next_attempt_at")
    )
    yield GaugeMetricFamily("tallystick_deliveries_waiting", "Webhooks not delivered yet.", value=waiting["number"])
    overdue = (timezone.now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0
    yield GaugeMetricFamily(
        "tallystick_delivery_overdue_seconds",
        "How long the most overdue webhook has been due; above 60 means that no worker sends.",
        value=max(0.0, overdue),
    )


def _chains() -> Iterator[Metric]:
    age = GaugeMetricFamily("tallystick_chain_read_seconds_ago", "When a network was last read.", labels=["network"])
    unread = GaugeMetricFamily(
        "tallystick_chain_unread_seconds",
        "For how long a network could not be read; 0 while it can. From 30 on it is not offered.",
        labels=["network"],
    )
    now = timezone.now()
    for cursor in ScanCursor.objects.all():
        since = cursor.unread_since
        unread.add_metric([cursor.network], (now - since).total_seconds() if since else 0)
        if cursor.scanned_at:
            age.add_metric([cursor.network], (now - cursor.scanned_at).total_seconds())
    yield age
    yield unread


def _differences() -> Metric:
    found = CounterMetricFamily(
        "tallystick_provider_differences",
        "Answers of a provider that were not what proved right.",
        labels=["network", "host"],
    )
    for provider in Provider.objects.all():
        found.add_metric([provider.network, provider.host], provider.differences)
    return found


REGISTRY = CollectorRegistry()
REGISTRY.register(Facts())
