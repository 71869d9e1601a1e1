"""What webhook tests share: a receiver, endpoints of Mia's, events, and a running sender."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import connection

from merchants_app.models import Merchant
from tests.webhooks_app.receiver import Receiver
from webhooks_app.endpoints.endpoints import create_endpoint
from webhooks_app.event_types import EventType
from webhooks_app.events.outbox import NewEvent, record_events
from webhooks_app.models import Event, WebhookEndpoint
from webhooks_app.sending.thread import SenderThread

_subjects = itertools.count(1)


@dataclass(frozen=True)
class Listener:
    """An endpoint of Mia's with its secret."""

    endpoint: WebhookEndpoint
    secret: str

    def now(self) -> WebhookEndpoint:
        """The row as the database has it."""
        return WebhookEndpoint.objects.get(pk=self.endpoint.pk)


@pytest.fixture
def elsewhere() -> Iterator[psycopg.Connection[Any]]:
    """Another connection to the database."""
    options = connection.get_connection_params()
    given = {name: options[name] for name in ("dbname", "user", "password", "host", "port") if name in options}
    with psycopg.connect(**given) as other:
        yield other


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes webhooks."""
    with Receiver() as running:
        yield running


@pytest.fixture
def listen(mia: Merchant, receiver: Receiver) -> Callable[..., Listener]:
    """Makes endpoints: `listen("/path", events=[…])` on the receiver, `listen(url=…)` elsewhere."""

    def make(path: str = "/hooks", **options: Any) -> Listener:
        given = {"merchant": mia, "mode": "test", "url": receiver.url + path, "actor": "mia@example.com"} | options
        return Listener(*create_endpoint(**given))

    return make


@pytest.fixture
def happen(mia: Merchant) -> Callable[..., Event]:
    """Records an event of Mia's: `happen("checkout.completed")`."""

    def record(type: str = "checkout.completed", **options: Any) -> Event:
        given: dict[str, Any] = {
            "merchant_id": mia.pk,
            "mode": "test",
            "type": EventType(type),
            "subject": f"cs_{next(_subjects)}",
            "sequence": 1,
            "data": {"status": "completed"},
        }
        new = NewEvent(**given | options)
        record_events([new])
        return Event.objects.get(subject=new.subject, subject_sequence=new.sequence)

    return record


@pytest.fixture
def sender(transactional_db: None) -> Iterator[SenderThread]:
    """A sender that runs until the test ends. Ask for it first: the database must be a real one by then."""
    running = SenderThread()
    running.start()
    yield running
    running.stop()
