"""What supervisors and Prometheus ask."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from chains_app.models import ScanCursor
from checkout_project import database_state
from sessions_app.models import CheckoutSession


def test_it_is_alive_without_asking_anything(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def ready(client: Client) -> tuple[int, dict[str, str]]:
    """Status and words of `/readyz`."""
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


@pytest.mark.moves_everybody("a worker reads for all of them")
def test_it_is_ready_when_all_is_well(client: Client, db: None) -> None:
    ScanCursor.objects.update(scanned_at=timezone.now())
    words = ("status", "database", "migrations", "workers", "clock", "redis")
    assert ready(client) == (200, dict.fromkeys(words, "ok"))


def test_it_names_what_is_missing_and_works_on_without_redis(client: Client, db: None, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    status, words = ready(client)
    assert (status, words["status"], words["redis"]) == (200, "degraded", "unreachable")


@pytest.mark.moves_everybody("a worker reads for all of them")
def test_a_worker_that_reads_nothing_for_two_minutes_is_told(client: Client, db: None) -> None:
    ScanCursor.objects.update(scanned_at=timezone.now() - timedelta(seconds=150))
    status, words = ready(client)
    assert (status, words["status"]) == (200, "degraded")
    assert words["workers"].startswith("silent for 15")


@pytest.mark.parametrize(
    ("seconds", "sentence"), [(12, "12 s ahead of the database's"), (-7, "7 s behind the database's")]
)
def test_a_clock_that_is_wrong_is_told(client: Client, db: None, seconds: int, sentence: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds, milliseconds=200)):
        assert ready(client)[1]["clock"] == sentence


def test_a_database_of_another_version_is_not_ready(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_state, "KNOWN", set())
    MigrationRecorder.Migration.objects.filter(app="sessions_app").delete()
    status, words = ready(client)
    assert (status, words["status"]) == (503, "unavailable")
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
