"""Merchants hear of endpoints that fail; those that fail for days are switched off."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import unused_port
from django.core import mail

from merchants_app.models import Merchant
from tests.mail_server import MailServer, mail_server
from tests.strangers.world import own
from tests.webhooks_app.conftest import Listener
from webhooks_app.endpoints.endpoints import change_endpoint, delete_endpoint, switch_off
from webhooks_app.endpoints.failing import look_after_endpoints
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint

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
    own(Delivery).update(attempts_made=1)
    DeliveryAttempt.objects.create(
        delivery=own(Delivery).get(), started_at=NOW, duration_ms=1, status_code=403, problem="forbidden"
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


def test_a_letter_that_the_mail_server_did_not_take_is_sent_later(
    listen: Listen, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    listener, taking = listen(), settings.EMAIL_BACKEND
    failing(listener, hours=121)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused_port()
    care(django_capture_on_commit_callbacks)
    assert listener.now().disabled_at
    settings.EMAIL_BACKEND = taking
    care(django_capture_on_commit_callbacks)
    care(django_capture_on_commit_callbacks)
    [letter] = mail.outbox
    assert "switched off" in letter.subject


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.server_address[1]
        yield running


@pytest.mark.parametrize(
    ("asked", "reply", "is_tried_again"),
    [
        ("to_letter", "554 5.7.1 looks like spam", False),
        ("to_letter", "451 4.3.0 try again later", True),
        ("to_reader", "550 5.1.1 no such user", False),
        ("to_reader", "450 4.2.0 greylisted, try again later", True),
    ],
)
def test_a_letter_that_is_refused_holds_up_no_other_and_is_tried_again_unless_it_is_for_good(
    listen: Listen, otto: Merchant, server: MailServer, asked: str, reply: str, is_tried_again: bool
) -> None:
    mias, ottos = listen(), listen(merchant=otto)
    own(WebhookEndpoint).update(letter_due="endpoint_switched_off")
    getattr(server, asked)["mia@example.com"] = reply
    look_after_endpoints(NOW)
    assert server.taken == ["otto@example.com"]
    assert (bool(mias.now().letter_due), ottos.now().letter_due) == (is_tried_again, "")
    getattr(server, asked).clear()
    look_after_endpoints(NOW)
    assert server.taken == ["otto@example.com", "mia@example.com"][: 1 + is_tried_again]


def test_who_has_recovered_or_gone_meanwhile_gets_no_letter(
    listen: Listen, django_capture_on_commit_callbacks: Any
) -> None:
    recovered, gone, on_again = listen("/1"), listen("/2"), listen("/3")
    due = {recovered: "endpoint_failing", gone: "endpoint_switched_off"}
    for listener, letter in due.items():
        WebhookEndpoint.objects.filter(pk=listener.endpoint.pk).update(letter_due=letter)
    delete_endpoint(endpoint=gone.endpoint, actor="mia")
    switch_off(endpoint=on_again.endpoint, reason="410", actor="system", letter="endpoint_switched_off")
    change_endpoint(endpoint=on_again.endpoint, actor="mia", enabled=True)
    care(django_capture_on_commit_callbacks)
    assert mail.outbox == []


def test_a_catching_up_that_died_is_taken_over(
    listen: Listen, happen: Callable[..., Event], django_capture_on_commit_callbacks: Any
) -> None:
    """Which it has when it takes longer than five minutes."""
    listen()
    happen()
    own(Delivery).update(state=DeliveryState.FAILED, next_attempt_at=None)
    own(WebhookEndpoint).update(catching_up_since=NOW - timedelta(minutes=4, seconds=59))
    care(django_capture_on_commit_callbacks)
    assert own(Delivery).get().state == DeliveryState.FAILED
    own(WebhookEndpoint).update(catching_up_since=NOW - timedelta(minutes=5))
    care(django_capture_on_commit_callbacks)
    assert own(Delivery).get().state == DeliveryState.PENDING
    assert own(WebhookEndpoint).get().catching_up_since is None
