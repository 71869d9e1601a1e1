"""What supervisors and Prometheus ask."""

from typing import Any

from django.test import Client

from sessions_app.models import CheckoutSession


def test_it_is_alive_without_asking_anything(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_it_is_ready_when_database_and_redis_answer(client: Client, db: None) -> None:
    assert client.get("/readyz").json() == {"status": "ok", "database": "ok", "redis": "ok"}


def test_it_names_what_is_missing(client: Client, db: None, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["redis"]) == (503, "unreachable")


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
