"""Operators look at messages and send them again; they change nothing."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from merchants_app.models import AuditEntry
from tests.factors import sign_in_operator
from tests.strangers.world import own
from tests.webhooks_app.conftest import Listener
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event


@pytest.fixture
def operator(db: None, client: Client) -> Client:
    """Signed in to the admin."""
    sign_in_operator(client)
    return client


@pytest.fixture
def delivery(listen: Callable[..., Listener], happen: Callable[..., Event]) -> Delivery:
    """One that failed."""
    listen(headers={"X-Token": "let-me-in"})
    event = happen()
    own(Delivery).update(state=DeliveryState.FAILED, next_attempt_at=None)
    made = own(Delivery).get()
    DeliveryAttempt.objects.create(delivery=made, started_at=event.created_at, duration_ms=5, problem="refused")
    return made


@pytest.mark.parametrize("model", ["webhookendpoint", "event", "delivery", "deliveryattempt"])
def test_lists_and_records_can_be_seen_and_not_changed(operator: Client, delivery: Delivery, model: str) -> None:
    things = {"webhookendpoint": delivery.endpoint, "event": delivery.event, "delivery": delivery}
    thing = things.get(model) or delivery.attempts.get()
    assert operator.get(reverse(f"admin:webhooks_app_{model}_changelist")).status_code == 200
    page = operator.get(reverse(f"admin:webhooks_app_{model}_change", args=[thing.pk]))
    assert page.status_code == 200
    assert delivery.endpoint.secret_encrypted not in page.content.decode()
    assert 'name="_save"' not in page.content.decode()


@pytest.mark.parametrize(
    ("model", "action"),
    [
        ("webhookendpoint", "send_failed_again"),
        ("webhookendpoint", "send_since_again"),
        ("event", "send_again"),
        ("delivery", "send_again"),
    ],
)
def test_the_actions_send_again(operator: Client, delivery: Delivery, model: str, action: str) -> None:
    thing = {"webhookendpoint": delivery.endpoint, "event": delivery.event, "delivery": delivery}[model]
    answer = operator.post(
        reverse(f"admin:webhooks_app_{model}_changelist"),
        {"action": action, "_selected_action": [thing.pk], "since": "2020-01-01T00:00"},
        follow=True,
    )
    assert "1 deliveries are on their way again." in answer.content.decode()
    assert own(Delivery).get().state == DeliveryState.PENDING
    line = own(AuditEntry).get(action="webhooks.sent_again")
    assert (line.merchant, line.actor, line.subject) == (
        delivery.endpoint.merchant,
        "operator operator@example.com",
        thing.public_id,
    )
    assert line.detail["deliveries"] == 1


def test_everything_since_a_time_asks_for_the_time(operator: Client, delivery: Delivery) -> None:
    answer = operator.post(
        reverse("admin:webhooks_app_webhookendpoint_changelist"),
        {"action": "send_since_again", "_selected_action": [delivery.endpoint_id]},
        follow=True,
    )
    assert "Say since when" in answer.content.decode()
    assert own(Delivery).get().state == DeliveryState.FAILED
