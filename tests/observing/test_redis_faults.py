"""What Celery logs while Redis is away is one line; what it logs of our faults keeps its traceback."""

import logging
from typing import Any

import pytest
from celery.beat import ScheduleEntry, SchedulingError
from celery.schedules import schedule
from django.test import RequestFactory
from kombu.exceptions import EncodeError, OperationalError
from redis import ConnectionError as RedisAway
from redis import DataError, ReadOnlyError, ResponseError
from redis import TimeoutError as RedisHangs
from redis.exceptions import ClusterDownError, LockError, NoPermissionError, OutOfMemoryError
from structlog.testing import capture_logs

from checkout_project.celery import app
from checkout_project.errors.outage import Outage
from checkout_project.errors.pages import broken
from checkout_project.jobs import redis_away
from checkout_project.jobs.beat import SteadyScheduler
from common.network.redis_cache import LeftAlone

# In the server's own words, and as a pipeline has them.
MISCONF = ResponseError(
    "MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist to disk."
)
IN_A_PIPELINE = ResponseError(f"Command # 2 (LPUSH celery …) of pipeline caused error: {MISCONF}")
AWAY = [
    *(
        kind("gone")
        for kind in (
            RedisAway, RedisHangs, LeftAlone, ReadOnlyError, OutOfMemoryError, NoPermissionError, ClusterDownError,
        )
    ),
    MISCONF,
    IN_A_PIPELINE,
    ResponseError("NOREPLICAS Not enough good replicas to write."),
    ResponseError("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"),
]  # fmt: skip
OURS = [
    *(kind("wrong") for kind in (ResponseError, DataError, LockError, FileNotFoundError, ValueError)),
    ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"),
    ResponseError("ERR unknown command 'MISCONF'"),
]


@pytest.fixture(autouse=True)
def redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which nothing was noticed yet."""
    for module in ("redis_away", "beat"):
        monkeypatch.setattr(f"checkout_project.jobs.{module}.REDIS", Outage("redis"))


def wrapped(error: Exception) -> Exception:
    """As kombu raises it."""
    try:
        raise OperationalError("cannot publish") from error
    except OperationalError as outer:
        return outer


def passes(error: Exception, *, by: str, named: bool = False) -> bool:
    """Whether a line about it is written."""
    record = logging.LogRecord(by, logging.ERROR, "", 0, "%r", (error,) if named else (), None)
    record.exc_info = (type(error), error, None)
    return redis_away.NotAboutRedis().filter(record)


@pytest.mark.parametrize("error", AWAY, ids=repr)
def test_of_tasks_that_broke_off_for_it_nothing_is_logged_but_that(error: Exception) -> None:
    with capture_logs() as written:
        assert not passes(error, by="celery.app.trace")
        assert not passes(wrapped(error), by="celery.app.trace")
    assert [line["event"] for line in written] == ["redis.away"]


@pytest.mark.parametrize("error", OURS, ids=repr)
def test_our_own_faults_are_logged(error: Exception) -> None:
    with capture_logs() as written:
        assert passes(error, by="celery.app.trace")
        assert passes(error, by="celery.utils.dispatch.signal", named=True)
        assert passes(wrapped(error), by="celery.app.trace")
    assert written == []


def test_the_consumer_names_a_broken_line_by_the_systems_error() -> None:
    with capture_logs():
        assert not passes(ConnectionResetError("by peer"), by="celery.worker.consumer.consumer", named=True)
        assert passes(ConnectionResetError("by peer"), by="celery.app.trace")


@pytest.mark.parametrize(
    ("cause", "told"),
    [(OperationalError("away"), "beat.failed"), (wrapped(RedisAway("gone")), "redis.away"),
     (MISCONF, "redis.away"),
     (EncodeError("a set"), "beat.failed")],
)  # fmt: skip
def test_the_clock_tells_a_task_that_cannot_be_sent_from_a_redis_that_is_away(
    monkeypatch: pytest.MonkeyPatch, cause: Exception, told: str
) -> None:
    def send(*_given: Any, **_named: Any) -> None:
        try:
            raise cause
        except type(cause):
            raise SchedulingError("Couldn't apply scheduled task")  # noqa: B904  (as Celery does)

    monkeypatch.setattr(SteadyScheduler, "apply_async", send)
    monkeypatch.setattr("checkout_project.jobs.beat.give_pulse", lambda _of: None)
    monkeypatch.setattr("checkout_project.jobs.beat.send_once", lambda send, *_given: send())
    with capture_logs() as written:
        SteadyScheduler(app=app, lazy=True).apply_entry(ScheduleEntry(task="tell", schedule=schedule(1), app=app))
    assert [(line["event"], "exc_info" in line) for line in written] == [(told, told == "beat.failed")]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (RedisAway("gone"), 503, []),  # by its pool, which is told elsewhere
        (LeftAlone("gone"), 503, []),
        (MISCONF, 503, ["cache.redis_refuses"]),
        (ResponseError("wrong"), 500, []),
    ],
    ids=repr,
)
def test_a_page_that_asks_redis_wrongly_is_our_fault(error: Exception, status: int, said: list[str]) -> None:
    try:
        raise error
    except type(error):
        with capture_logs() as written:
            assert broken(RequestFactory().get("/")).status_code == status
    assert [line["event"] for line in written] == said
