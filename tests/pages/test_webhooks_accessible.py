"""The pages of webhooks and events for everybody: no fault by axe-core, light and dark, wide and on a phone."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from tests.desk import Desk
from tests.pages.member import OpenDashboard
from tests.pages.test_dashboard_accessible import faults_of
from tests.strangers.world import own
from tests.webhooks_app.conftest import Listener, happen, listen, receiver
from webhooks_app.models import Delivery, DeliveryAttempt, Event, WebhookEndpoint

__all__ = ["happen", "listen", "receiver"]


def test_axe_finds_nothing(
    open_dashboard: OpenDashboard, desk: Desk, listen: Callable[..., Listener], happen: Callable[..., Event]
) -> None:
    listener, event = listen("/a-rather-long-path/of/a/shop/webhooks", headers={"X-Token": "x"}), happen()
    given: dict[str, Any] = {"delivery": own(Delivery).get(), "started_at": timezone.now(), "duration_ms": 12}
    DeliveryAttempt.objects.create(**given, status_code=403, problem="forbidden", answer_excerpt="<html>blocked</html>")
    own(Delivery).update(attempts_made=1)
    own(WebhookEndpoint).update(failing_since=timezone.now(), last_success_at=timezone.now())
    listen("/beside-it")
    endpoint = f"webhooks/{listener.endpoint.public_id}"
    for path in ("webhooks", endpoint, "events", f"events/{event.public_id}"):
        shown = open_dashboard(desk, path)
        for details in shown.locator("details").all():
            details.locator("summary").first.click()
        assert (path, faults_of(shown)) == (path, [])


def test_empty_pages_are_as_good(open_dashboard: OpenDashboard, desk: Desk) -> None:
    for path in ("webhooks", "events"):
        assert (path, faults_of(open_dashboard(desk.in_("live"), path), alone="dark")) == (path, [])
