"""Merchants hear of endpoints that fail; those that fail for days are switched off."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import mail

from tests.webhooks_app.conftest import Listener
from webhooks_app.endpoint_care import look_after_endpoints
from webhooks_app.models import Delivery, DeliveryAttempt, Event

Listen = Callable[..., Listener]
NOW = datetime(2030, 1, 10, 12, tzinfo=UTC)


def failing(listener: Listener, *, hours: float, silent_hours: float = 0) -> None:
    listener.endpoint.failing_since = NOW - timedelta(hours=hours)
    listener.endpoint.last_failure_at = NOW - timedelta(hours=silent_hours)
    listener.endpoint.save()


def care(on_commit: Any) -> None:
    with on_commit(execute=True):
        look_after_endpoints(NOW)


def test_after_an_hour_the_owners_get_one_letter(
    listen: Listen, happen: Callable[..., Event], django_capture_on_commit_callbacks: Any
) -> None:
    listener = listen()
    happen()
    DeliveryAttempt.objects.create(
        delivery=Delivery.objects.get(), started_at=NOW, duration_ms=1, status_code=403, problem="forbidden"
    )
    failing(listener, hours=0.9)
    care(django_capture_on_commit_callbacks)
    assert mail.outbox == []
    failing(listener, hours=1)
    care(django_capture_on_commit_callbacks)
    care(django_capture_on_commit_callbacks)
    [letter] = mail.outbox
    assert letter.to == ["mia@example.com"]
    assert "failing for an hour" in letter.subject
    assert listener.endpoint.url in letter.body
    assert "answered 403" in letter.body
    assert listener.now().disabled_at is None


def test_after_five_days_it_is_switched_off_and_told(listen: Listen, django_capture_on_commit_callbacks: Any) -> None:
    listener = listen()
    failing(listener, hours=121, silent_hours=0.5)
    care(django_capture_on_commit_callbacks)
    assert listener.now().disabled_at
    assert "switched off" in mail.outbox[-1].subject
    assert "Every message failed for 5 days." in mail.outbox[-1].body


def test_silence_is_no_failure(listen: Listen, django_capture_on_commit_callbacks: Any) -> None:
    listener = listen()
    failing(listener, hours=200, silent_hours=150)
    care(django_capture_on_commit_callbacks)
    assert listener.now().disabled_at is None
