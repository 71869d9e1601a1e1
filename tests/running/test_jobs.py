"""Jobs that come again and again: one waits, one runs, and no machine's clock or death stops them for long."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
import time_machine
from celery import current_app
from celery.beat import ScheduleEntry
from celery.signals import task_received
from celery.worker.request import Request
from django.conf import settings
from django.core.cache import cache
from kombu.transport.redis import Transport as RedisTransport

from checkout_project.celery import app
from checkout_project.jobs import beat
from checkout_project.jobs.beat import SteadyScheduler, every
from checkout_project.jobs.schedule import BEAT_SCHEDULE
from common.lease import lease
from common.network.redis_cache import impatient_client
from common.ticks import may_be_sent, send_once, taken
from sessions_app.tasks import expire_due
from tests.stack import ROOT
from tests.waiting import wait_until

OURS = {"DJANGO_SETTINGS_MODULE": "checkout_project.settings"}
JOB = "sessions_app.tasks.expire_due"


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs that the clock has sent."""
    found: list[str] = []

    def send(_self: SteadyScheduler, entry: ScheduleEntry, **_more: Any) -> None:
        found.append(str(entry.task))

    monkeypatch.setattr(SteadyScheduler, "apply_async", send)
    return found


@pytest.fixture
def tick(sent: list[str]) -> Callable[[], None]:
    """Lets the clock send all that is due now."""
    app.conf.beat_schedule = {"expire": {"task": JOB, "schedule": every(2)}}
    clock = SteadyScheduler(app=app, lazy=True)
    clock.setup_schedule()

    def run() -> None:
        while clock.tick() == 0:
            pass

    yield run
    app.conf.beat_schedule = BEAT_SCHEDULE


def test_of_one_job_one_waits(sent: list[str]) -> None:
    assert may_be_sent(JOB)
    assert not may_be_sent(JOB)
    assert may_be_sent(JOB, "base")  # another network's is another job
    taken(JOB)
    assert may_be_sent(JOB)


def seconds_kept() -> float:
    """So long the job's tick counts as one that waits."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return client.pttl(cache.make_key(f"tick:{JOB}")) / 1000


def test_one_that_nobody_takes_waits_alone_and_in_a_workers_hand_it_counts_for_seconds() -> None:
    send_once(expire_due.delay, JOB)
    assert 50 < seconds_kept() <= 60
    with app.connection_for_read() as line:
        message = app.amqp.queues["celery"](line.default_channel).get()
        task_received.send(sender=None, request=Request(message, app=app, task=expire_due))
        message.ack()
    assert forgotten_within_seven_seconds(seconds_kept())


def test_what_a_dead_sender_or_worker_had_in_hand_is_anothers_within_seven_seconds() -> None:
    with pytest.raises(SystemExit):
        send_once(raising(SystemExit), JOB)
    assert forgotten_within_seven_seconds(seconds_kept())
    with lease("reading"), redis.Redis.from_url(settings.REDIS_URL) as client:
        assert forgotten_within_seven_seconds(client.pttl("lease:reading") / 1000)


def forgotten_within_seven_seconds(seconds: float) -> bool:
    return 0 < seconds < 7 - BEAT_SCHEDULE["watch-networks"]["schedule"].run_every.total_seconds()


def test_a_tick_that_could_not_be_sent_does_not_wait() -> None:
    with pytest.raises(redis.ReadOnlyError):
        send_once(raising(redis.ReadOnlyError), JOB)
    assert may_be_sent(JOB)


def raising(error: type[BaseException]) -> Callable[[], None]:
    def send() -> None:
        raise error

    return send


def test_a_task_that_begins_lets_the_next_tick_in(db: None) -> None:
    may_be_sent(JOB)
    expire_due.apply()
    assert may_be_sent(JOB)


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(hours=1), timedelta(seconds=-7)])
def test_the_clock_ticks_on_when_the_machines_clock_is_set(
    sent: list[str], tick: Callable[[], None], monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(beat.time, "monotonic", lambda: now)
    tick()
    now += 2.1
    tick()
    assert sent == [JOB]
    taken(JOB)
    with time_machine.travel(datetime.now(UTC) + step, tick=True):
        now += 1.0
        tick()
        assert sent == [JOB]
        now += 1.2
        tick()
        assert sent == [JOB, JOB]


def test_while_nobody_takes_them_they_do_not_pile_up(
    sent: list[str], tick: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(beat.time, "monotonic", lambda: now)
    for _ in range(20):
        tick()
        now += 2.1
    assert sent == [JOB]


def test_every_job_of_the_schedule_goes_by_the_steady_clock() -> None:
    assert {job["schedule"].nowfun for job in BEAT_SCHEDULE.values()} == {beat.steady_now}


def test_a_broker_that_dies_in_mid_sentence_or_refuses_is_a_lost_connection() -> None:
    lost = current_app.connection_for_read().connection_errors
    assert set(RedisTransport.connection_errors) < set(lost)
    for error in (AttributeError, redis.ReadOnlyError, redis.OutOfMemoryError, redis.exceptions.NoPermissionError):
        assert issubclass(error, lost)


@pytest.mark.parametrize(
    ("logger", "words", "error", "is_told"),
    [
        ("celery.worker.consumer.consumer", "Trying to reconnect (%r)", redis.ReadOnlyError(), False),
        ("celery.worker.consumer.consumer", "Trying to reconnect (%r)", ConnectionRefusedError(), False),
        ("celery.worker.consumer.consumer", "No such task: %r", KeyError(), True),
        ("celery.worker.request", "Couldn't ack, reason: %r", redis.ReadOnlyError(), False),
    ],
)
def test_no_line_is_written_at_each_try_to_reach_redis(
    logger: str, words: str, error: Exception, *, is_told: bool
) -> None:
    record = logging.LogRecord(logger, logging.ERROR, "", 0, words, (error,), None)
    assert bool(logging.getLogger(logger).filter(record)) == is_told


@pytest.mark.parametrize(("error", "is_told"), [(redis.ReadOnlyError(), False), (OSError("a mail server"), True)])
def test_of_what_a_task_raised_only_redis_absence_is_left_out(error: Exception, *, is_told: bool) -> None:
    raised = (type(error), error, None)
    record = logging.LogRecord("celery.app.trace", logging.ERROR, "", 0, "Task raised", {}, raised)
    assert bool(logging.getLogger("celery.app.trace").filter(record)) == is_told


def test_one_holds_a_lease_and_gives_it_back() -> None:
    with lease("reading") as mine:
        with lease("reading") as theirs:
            assert (mine, theirs) == (True, False)
        with lease("reading") as theirs:  # who had none gave none back
            assert not theirs
    with lease("reading") as again:
        assert again


def test_a_lease_is_renewed_as_long_as_it_takes_and_ends_soon_after_its_holders_death() -> None:
    code = f"""
import django, sys, time; sys.path.insert(0, {str(ROOT)!r}); django.setup()
from common import lease
lease.SECONDS = 1
with lease.lease("reading"):
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ | OURS) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        time.sleep(1.5)
        with lease("reading") as other:
            assert not other
        holder.kill()
    began = time.monotonic()
    wait_until(lambda: not impatient_client(settings.REDIS_URL).exists("lease:reading"), seconds=5)
    assert time.monotonic() - began < 2
    with lease("reading") as other:
        assert other


class _Enough(Exception):
    """Of waiting."""


def test_after_an_outage_of_any_length_workers_and_the_clock_are_back_within_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kombu.utils.functional.sleep", lambda _seconds: None)
    pauses: list[float] = []

    def noted(_error: Exception, pause: float) -> None:
        pauses.append(pause)
        if len(pauses) == 30:
            raise _Enough

    for connection in (
        app.connection_for_read("redis://127.0.0.1:1/0"),
        app.connection_for_write("redis://127.0.0.1:1/0"),
    ):
        with pytest.raises(_Enough):
            connection.ensure_connection(noted)
        assert max(pauses) <= 3
        pauses.clear()
