"""Redis away, the database's connections cut, an error that nobody foresaw: every event still arrives, and soon."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any

import psycopg
import pytest
from aiohttp.test_utils import unused_port
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from tests.strangers.world import own
from tests.waiting import wait_until
from tests.webhooks_app.conftest import Listener
from tests.webhooks_app.receiver import Receiver
from tests.webhooks_app.sending.dark_line import dark_line
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event
from webhooks_app.queue.delivery import Outcome, claim_due
from webhooks_app.sending.database import SenderDatabase
from webhooks_app.sending.lanes import Lanes
from webhooks_app.sending.reports import Reports
from webhooks_app.sending.sender import Sender
from webhooks_app.sending.thread import SenderThread

Listen = Callable[..., Listener]
Happen = Callable[..., Event]

pytestmark = pytest.mark.django_db(transaction=True)


def delivered(number: int) -> bool:
    return own(Delivery).filter(state=DeliveryState.SUCCEEDED).count() == number


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
    assert len(receiver.messages) == own(DeliveryAttempt).count() == 3


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
    monkeypatch.setattr("webhooks_app.sending.database.STATEMENT_SECONDS", 0.2)

    async def ask() -> None:
        database = SenderDatabase("test")
        with pytest.raises(TimeoutError):
            await database.run(lambda given: given.execute("SELECT pg_sleep(5)"))
        assert await database.run_until_done(lambda given: given.execute("SELECT 1"))
        await database.close()

    asyncio.run(ask())


def test_a_database_that_vanishes_without_a_word_is_given_up_soon(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks_app.sending.database.STATEMENT_SECONDS", 0.5)

    async def ask() -> float:
        database = SenderDatabase("test")
        await database.run(lambda given: given.execute("SELECT 1"))
        line.go_dark()
        began = time.monotonic()
        await database.run_until_done(lambda given: given.execute("SELECT 1"))
        await database.close()
        return time.monotonic() - began

    with dark_line() as line:
        assert asyncio.run(ask()) < 2


def test_an_endpoint_that_somebody_has_locked_holds_up_nothing_and_is_noted_later(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen, elsewhere: psycopg.Connection[Any]
) -> None:
    held = listen()
    elsewhere.execute("SELECT FROM webhooks_app_webhookendpoint WHERE id = %s FOR NO KEY UPDATE", [held.endpoint.pk])
    happen()
    wait_until(lambda: delivered(1))
    assert held.now().last_success_at is None
    elsewhere.rollback()
    wait_until(lambda: held.now().last_success_at)


def test_a_delivery_that_somebody_has_locked_is_recorded_later_and_before_a_stop(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen, elsewhere: psycopg.Connection[Any]
) -> None:
    receiver.hold("/slow")
    slow, quick = listen("/slow"), listen("/quick", events=["checkout.expired"])
    happen()
    wait_until(lambda: receiver.at("/slow"))
    elsewhere.execute("SELECT FROM webhooks_app_delivery WHERE endpoint_id = %s FOR NO KEY UPDATE", [slow.endpoint.pk])
    receiver.release()
    happen("checkout.expired")
    wait_until(lambda: quick.now().last_success_at)
    assert own(Delivery).get(event__type="checkout.completed").state == DeliveryState.PENDING
    stopping = Thread(target=sender.stop)
    stopping.start()
    elsewhere.rollback()
    stopping.join()
    assert set(own(Delivery).values_list("state", flat=True)) == {DeliveryState.SUCCEEDED}
    assert own(DeliveryAttempt).count() == len(receiver.messages) == 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is what ends the sender
def test_when_recording_breaks_down_the_sender_is_replaced(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    listen()
    happen()
    wait_until(lambda: delivered(1))
    broken = sender.sender
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE webhooks_app_deliveryattempt RENAME TO away")
        happen()
        wait_until(lambda: sender.sender is not broken)
        cursor.execute("ALTER TABLE away RENAME TO webhooks_app_deliveryattempt")
    own(Delivery).filter(leased=True).update(next_attempt_at=timezone.now())  # as if the lease were over
    wait_until(lambda: delivered(2))


def test_one_report_that_cannot_be_recorded_holds_up_no_other(
    transactional_db: None, listen: Listen, happen: Happen
) -> None:
    listen()
    for _ in range(4):
        happen()

    async def record() -> None:
        claims = await database.run(partial(claim_due, capacities=Lanes().capacities(0.0)))
        for number, claim in enumerate(claims):
            status = 70_000 if number == 1 else 200  # no smallint
            reports.add(Outcome(claim=claim, started_at=timezone.now(), duration_ms=1, status_code=status))
        await reports.write()
        await asyncio.gather(database.close(), reports.close())

    database, reports = SenderDatabase("test"), Reports(lambda _: None)
    asyncio.run(record())
    assert (reports.open, delivered(3)) == (0, True)
