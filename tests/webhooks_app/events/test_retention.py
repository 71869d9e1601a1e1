"""What is old is forgotten, what is young or still waits stays."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from tests.strangers.world import own
from tests.webhooks_app.conftest import Listener
from webhooks_app.events.retention import ATTEMPTS_KEPT, EVENTS_KEPT, forget_old
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event

Happen = Callable[..., Event]


def test_old_attempts_go_and_their_deliveries_stay(listen: Callable[..., Listener], happen: Happen) -> None:
    listen()
    happen()
    now = timezone.now()
    for age in (ATTEMPTS_KEPT + timedelta(days=1), ATTEMPTS_KEPT - timedelta(days=1)):
        DeliveryAttempt.objects.create(delivery=own(Delivery).get(), started_at=now - age, duration_ms=1)
    forget_old(now)
    assert own(DeliveryAttempt).count() == own(Delivery).count() == 1


def test_old_events_go_with_all_that_hangs_on_them(listen: Callable[..., Listener], happen: Happen) -> None:
    listen()
    now, old = timezone.now(), [happen() for _ in range(3)]
    own(Event).update(created_at=now - EVENTS_KEPT - timedelta(days=1))
    own(Delivery).exclude(event=old[2]).update(state=DeliveryState.SUCCEEDED, next_attempt_at=None)
    DeliveryAttempt.objects.create(delivery=own(Delivery).first(), started_at=now, duration_ms=1)
    young = happen()
    forget_old(now)
    assert set(own(Event)) == {old[2], young}
