"""The pages of webhooks and events for everybody: no fault by axe-core, light and dark, wide and on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tests.desk import Desk
from tests.pages.buyer import faults_of_access
from tests.pages.member import OpenDashboard
from tests.pages.test_dashboard_accessible import THEMES
from tests.strangers.world import own
from tests.webhooks_app.conftest import Listener, happen, listen, receiver
from webhooks_app.models import Delivery, DeliveryAttempt, Event, WebhookEndpoint

__all__ = ["happen", "listen", "receiver"]


@pytest.mark.parametrize("path", ["webhooks", "webhook", "events", "event"])
def test_axe_finds_nothing(
    open_dashboard: OpenDashboard, desk: Desk, listen: Callable[..., Listener], happen: Callable[..., Event], path: str
) -> None:
    listener, event = listen("/a-rather-long-path/of/a/shop/webhooks", headers={"X-Token": "x"}), happen()
    given: dict[str, Any] = {"delivery": own(Delivery).get(), "started_at": timezone.now(), "duration_ms": 12}
    DeliveryAttempt.objects.create(**given, status_code=403, problem="forbidden", answer_excerpt="<html>blocked</html>")
    own(WebhookEndpoint).update(failing_since=timezone.now(), last_success_at=timezone.now())
    paths = {"webhook": f"webhooks/{listener.endpoint.public_id}", "event": f"events/{event.public_id}"}
    shown = open_dashboard(desk, paths.get(path, path))
    for details in shown.locator("details").all():
        details.locator("summary").click()
    for scheme, width in THEMES:
        shown.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        shown.set_viewport_size({"width": width, "height": 900})
        assert faults_of_access(shown) == []
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", ["webhooks", "events"])
def test_empty_pages_are_as_good(open_dashboard: OpenDashboard, desk: Desk, path: str) -> None:
    shown = open_dashboard(desk.in_("live"), path)
    assert faults_of_access(shown) == []
