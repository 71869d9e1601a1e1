"""Redis away, the database's connections cut, an error that nobody foresaw: every event still arrives, and soon."""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp.test_utils import unused_port
from django.db import connection
from django.test import override_settings

from tests.waiting import wait_until
from tests.webhooks_app.conftest import Listener
from tests.webhooks_app.receiver import Receiver
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event
from webhooks_app.sender import Sender
from webhooks_app.sender_database import SenderDatabase
from webhooks_app.sender_thread import SenderThread

Listen = Callable[..., Listener]
Happen = Callable[..., Event]

pytestmark = pytest.mark.django_db(transaction=True)


def delivered(number: int) -> bool:
    return Delivery.objects.filter(state=DeliveryState.SUCCEEDED).count() == number


def test_without_redis_events_leave_all_the_same(
    transactional_db: None, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    with override_settings(REDIS_URL=f"redis://127.0.0.1:{unused_port()}/0"):
        sender = SenderThread()
        sender.start()
        listen()
        happen()  # nothing is raised for want of a nudge
        wait_until(lambda: delivered(1))
        sender.stop()


def test_cut_connections_are_opened_anew(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    listen()
    for number in range(1, 4):
        happen()
        wait_until(lambda number=number: delivered(number))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name LIKE 'tallystick sender%%' AND datname = current_database()"
            )
            assert cursor.rowcount >= 1
    assert len(receiver.messages) == DeliveryAttempt.objects.count() == 3


def test_a_sender_that_breaks_down_is_replaced(
    monkeypatch: pytest.MonkeyPatch, transactional_db: None, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    broken = []
    run = Sender.run

    async def run_once_badly(self: Sender) -> None:
        if not broken:
            broken.append(True)
            await asyncio.sleep(0)
            return  # as if it had ended for a reason that nobody foresaw
        await run(self)

    monkeypatch.setattr(Sender, "run", run_once_badly)
    sender = SenderThread()
    sender.start()
    listen()
    happen()
    wait_until(lambda: delivered(1))
    sender.stop()
    assert broken


def test_a_database_that_hangs_counts_as_lost(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks_app.sender_database.STATEMENT_SECONDS", 0.2)

    async def ask() -> None:
        database = SenderDatabase("test")
        with pytest.raises(TimeoutError):
            await database.run(lambda given: given.execute("SELECT pg_sleep(5)"))
        assert await database.run_until_done(lambda given: given.execute("SELECT 1"))
        await database.close()

    asyncio.run(ask())
