"""What is old is forgotten, what is young or still waits stays."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from common.database import fetch
from tests.strangers.world import own
from tests.webhooks_app.conftest import Listener
from webhooks_app.events.retention import EVENTS, forget_old, make_chunks_ahead
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event

Happen = Callable[..., Event]


def test_old_attempts_go_and_their_deliveries_stay(listen: Callable[..., Listener], happen: Happen) -> None:
    listen()
    happen()
    now = timezone.now()
    for age in (timedelta(days=91), timedelta(days=89)):
        DeliveryAttempt.objects.create(delivery=own(Delivery).get(), started_at=now - age, duration_ms=1)
    forget_old(now)
    assert own(DeliveryAttempt).count() == own(Delivery).count() == 1


def test_old_events_go_with_all_that_hangs_on_them(listen: Callable[..., Listener], happen: Happen) -> None:
    listen()
    now, old = timezone.now(), [happen() for _ in range(3)]
    own(Event).update(created_at=now - timedelta(days=397))
    own(Delivery).exclude(event=old[2]).update(state=DeliveryState.SUCCEEDED, next_attempt_at=None)
    DeliveryAttempt.objects.create(delivery=own(Delivery).first(), started_at=now, duration_ms=1)
    young = happen()
    Event.objects.filter(pk=young.pk).update(created_at=now - timedelta(days=395))
    forget_old(now)
    assert set(own(Event)) == {old[2], young}


def make_room(now: datetime) -> None:
    connection.check_constraints()  # what is deferred would be in the way of changing tables
    make_chunks_ahead(now)


def go_on_at(event: int) -> None:
    """The next event has this number."""
    connection.check_constraints()
    fetch("SELECT setval(pg_get_serial_sequence('webhooks_app_event', 'id'), %s::bigint, false)", [event])


def test_a_chunk_of_old_events_goes_as_a_whole_once_nothing_of_it_waits(
    listen: Callable[..., Listener], happen: Happen
) -> None:
    listen()
    now = timezone.now()
    happen()
    make_room(now)
    chunk = EVENTS.chunks()[-1]
    go_on_at(chunk.lower)
    old = [happen().pk, happen().pk]
    make_room(now)
    go_on_at(EVENTS.chunks()[-1].lower)
    young = happen()
    own(Event).filter(pk__in=old).update(created_at=now - timedelta(days=397))
    own(Delivery).filter(event=old[0]).update(state=DeliveryState.SUCCEEDED, next_attempt_at=None)
    sent = own(Delivery).filter(event=old[1])
    go_on_at(young.pk + 1)
    forget_old(now)
    assert (sent.count(), chunk in EVENTS.chunks()) == (1, True)
    DeliveryAttempt.objects.create(delivery=sent.get(), started_at=now, duration_ms=1)
    sent.update(state=DeliveryState.SUCCEEDED, next_attempt_at=None)
    go_on_at(young.pk + 1)
    forget_old(now)
    assert chunk not in EVENTS.chunks()
    assert not own(Event).filter(pk__in=old).exists()
    assert own(Event).filter(pk=young.pk).exists()
    assert not sent.exists()
    assert not own(DeliveryAttempt).exists()
