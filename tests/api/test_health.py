"""What supervisors and Prometheus ask."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from chains_app.models import Provider, RateSheet, ScanCursor
from chains_app.networks.networks import enabled_networks, network
from chains_app.reading.health import record_problem
from checkout_project.facts import database
from checkout_project.jobs import pulses
from checkout_project.jobs.jumps import Clock
from checkout_project.jobs.pulses import BEAT, WORKER, give_pulse
from checkout_project.neighbours.told import keep
from sessions_app.models import CheckoutSession
from webhooks_app.models import Delivery

pytestmark = pytest.mark.usefixtures("looks_each_time")


def test_it_is_alive_without_asking_anything(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    """Status and what `/readyz` says."""
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


def all_is_well() -> None:
    """As a running worker and beat leave it."""
    now = timezone.now()
    cache.clear()
    give_pulse(WORKER)
    give_pulse(BEAT)
    keep([])
    for each in [*enabled_networks("live"), *enabled_networks("test")]:
        read = {"scanned_at": now, "unread_since": None, "block_number": 1}
        ScanCursor.objects.update_or_create(network=each.id, defaults=read)
    Delivery.objects.filter(state="pending").update(created_at=now)
    CheckoutSession.objects.filter(status="open").update(expires_at=now + timedelta(hours=1))


@pytest.mark.moves_everybody("a worker reads for all of them")
def test_it_is_ready_when_all_is_well(client: Client, db: None) -> None:
    all_is_well()
    status, said = ready(client)
    assert (status, said.pop("unready"), said.pop("degraded")) == (200, [], [])
    assert set(said.pop("seconds")) == {"networks", "oldest_event", "rates"}
    words = (
        "database migrations redis workers beat queue dns certificates clock networks providers sending events rates"
    )
    assert said == dict.fromkeys(["status", *words.split(" "), "expiry"], "ok")


def test_it_names_what_is_missing_and_works_on_without_redis(client: Client, db: None, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    status, words = ready(client)
    assert (status, words["status"], words["redis"]) == (200, "degraded", "unreachable")


@pytest.mark.moves_everybody("a worker reads for all of them")
@pytest.mark.parametrize(
    ("change", "name", "word"),
    [
        (lambda _now: cache.clear(), "workers", "none has run lately"),
        (lambda _now: cache.clear(), "beat", "none has run lately"),
        (lambda now: ScanCursor.objects.update(scanned_at=now - timedelta(seconds=150)), "networks", "last 150 s ago"),
        (
            lambda now: record_problem(network=network("sandbox"), problem="429", now=now - timedelta(seconds=40)),
            "networks",
            "Sandbox: cannot be read for 40 s",
        ),
        (lambda now: told(of=now - timedelta(minutes=5)), "events", "the oldest has waited for 300 s"),
        (lambda now: lied(now), "providers", "Sandbox: answers of a provider proved wrong"),
    ],
)
def test_what_only_degrades_is_named(
    client: Client, session: CheckoutSession, change: Callable[[datetime], object], name: str, word: str
) -> None:
    all_is_well()
    change(timezone.now())
    status, said = ready(client)
    assert (status, said["status"], said["unready"]) == (200, "degraded", [])
    assert name in said["degraded"]
    assert word in said[name]


def told(*, of: datetime) -> None:
    """A message that waits since then."""
    Delivery.objects.filter(pk=Delivery.objects.earliest("id").pk).update(created_at=of, state="pending")


def lied(now: datetime) -> None:
    """A node whose answer proved wrong just now."""
    Provider.objects.create(network="sandbox", key="k", host="node.example", differed_at=now, updated_at=now)


def test_sources_of_rates_that_say_nothing_are_named(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPC_URL_BASE", "http://127.0.0.1:1")
    at = (timezone.now() - timedelta(minutes=6)).isoformat()
    reading = {"source": "chainlink", "pair": "ETH/USD", "value": "1", "at": at}
    RateSheet.objects.create(taken_at=timezone.now(), readings=[reading], anchors={}, problems={})
    said = ready(client)[1]
    assert said["rates"] == "chainlink: last 360 s ago"
    assert 360 <= said["seconds"]["rates"]["chainlink"] < 370


def test_a_clock_whose_beat_ended_and_one_that_is_wrong_are_told_apart(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(pulses, "CLOCK", Clock())  # of another process, which began by that time
    with time_machine.travel(timezone.now() - timedelta(seconds=9)):
        give_pulse(BEAT)
    assert ready(client)[1]["clock"] == "beat: 9 s behind the database's"
    monkeypatch.setattr(pulses, "SILENT_SECONDS", 0.0)
    assert ready(client)[1]["beat"] == "gone"


@pytest.mark.parametrize(
    ("seconds", "sentence"), [(12, "12 s ahead of the database's"), (-7, "7 s behind the database's")]
)
def test_a_clock_that_is_wrong_is_told(client: Client, db: None, seconds: int, sentence: str) -> None:
    cache.clear()
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds, milliseconds=200)):
        assert ready(client)[1]["clock"] == sentence


def test_a_database_of_another_version_is_not_ready(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "KNOWN", set())
    MigrationRecorder.Migration.objects.filter(app="sessions_app").delete()
    status, words = ready(client)
    assert (status, words["status"], words["unready"]) == (503, "unavailable", ["migrations"])
    assert words["migrations"] == "missing: run `manage.py migrate`"


def test_metrics_count_what_runs(client: Client, session: CheckoutSession) -> None:
    summary = client.get("/metrics").content.decode()
    running = CheckoutSession.objects.filter(mode="test", status="open").count()
    assert running > 1
    assert f'tallystick_running_sessions{{mode="test",status="open"}} {running}.0' in summary
    assert "tallystick_deliveries_waiting 0.0" in summary


def test_metrics_may_need_a_token(client: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = "let-me-in"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer let-me-in"}).status_code == 200
