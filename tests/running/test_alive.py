"""What a probe is told of web, worker and beat: whether they go on, and nothing of Redis or the database."""

import asyncio
import faulthandler
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from celery.concurrency.thread import TaskPool
from celery.signals import beat_init, celeryd_init

from checkout_project import celery
from checkout_project.celery import app
from checkout_project.jobs import alive, life_steps
from checkout_project.jobs.alive import SILENT_SECONDS, Sign
from checkout_project.jobs.beat import SteadyScheduler, every
from checkout_project.jobs.life_steps import GiveSigns
from checkout_project.settings import redis_caches
from checkout_project.web import lifespan
from common.postgresql import waits
from sessions_app.buyers import retention as buyers_retention
from sessions_app.letters import sending
from sessions_app.tasks import expire_due
from sessions_app.watching import searches
from tests.stack import ROOT
from tests.waiting import wait_until
from webhooks_app.events import retention as events_retention


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "alive"
    monkeypatch.setenv("ALIVE_FILE", str(found))
    return found


def probe() -> int:
    """As a supervisor runs it."""
    command = [sys.executable, "-m", "checkout_project.jobs.alive"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode


def test_a_process_that_goes_on_is_told_from_one_that_began_and_hangs(file: Path) -> None:
    assert probe() == 1  # no sign yet
    Sign().give()
    assert probe() == 0
    long_ago = time.time() - SILENT_SECONDS - 1
    os.utime(file, (long_ago, long_ago))
    assert probe() == 1


# Gives signs for longer than it may be silent, then none.
_HANGS = """
import time
from checkout_project.jobs import alive
alive.EVERY_SECONDS, alive.SILENT_SECONDS = 0.0, 0.5
alive.expect_signs()
sign = alive.Sign()
for _ in range(10):
    time.sleep(0.1)
    sign.give()
print("went on", flush=True)
def hang():
    time.sleep(60)
hang()
"""


def ran(script: str, *, alive_file: Path | None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"ALIVE_FILE": str(alive_file)} if alive_file else {})
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False)


def test_a_process_that_hangs_ends_and_says_where_it_was(tmp_path: Path) -> None:
    ended = ran(_HANGS, alive_file=tmp_path / "alive")
    assert (ended.returncode, ended.stdout) == (1, "went on\n")
    assert "in hang" in ended.stderr


def test_where_nobody_starts_it_again_it_hangs_on(tmp_path: Path) -> None:
    ended = ran(_HANGS.replace("sleep(60)", "sleep(1)"), alive_file=None)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_process_that_stops_takes_its_time(tmp_path: Path) -> None:
    stops = _HANGS.replace("hang()\n", "alive.expect_none(); time.sleep(1)\n").replace(
        "def alive.", "def hang(): alive."
    )
    ended = ran(stops, alive_file=tmp_path / "alive")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_worker_and_beat_expect_signs_of_themselves(
    file: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    armed: list[float] = []
    monkeypatch.setattr(faulthandler, "dump_traceback_later", lambda seconds, **_how: armed.append(seconds))
    monkeypatch.setattr(celery, "collect_rarely", lambda: None)
    request.addfinalizer(alive.expect_none)
    celeryd_init.send(sender=None, instance=None, conf=SimpleNamespace(), options={})
    beat_init.send(sender=None)
    assert armed == [120.0, 120.0]


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Where it hears its services."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def test_systemd_is_told_at_its_socket(systemd: socket.socket) -> None:
    Sign().give()
    assert systemd.recv(64) == b"WATCHDOG=1"


def test_the_web_process_is_ready_and_goes_on_by_its_own_loop(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifespan, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(alive, "EVERY_SECONDS", 0.0)
    said: list[str] = []
    disarm = faulthandler.cancel_dump_traceback_later
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: (disarm(), said.append("disarmed")))

    async def serve() -> None:
        received = asyncio.Queue[dict[str, Any]]()

        async def send(message: dict[str, Any]) -> None:
            said.append(message["type"])

        served = asyncio.create_task(lifespan.give_signs_while_served(received.get, send))
        received.put_nowait({"type": "lifespan.startup"})
        await asyncio.sleep(0.2)
        received.put_nowait({"type": "lifespan.shutdown"})
        await served

    asyncio.run(serve())
    assert said == ["lifespan.startup.complete", "disarmed", "lifespan.shutdown.complete"]
    assert [systemd.recv(64) for _ in range(4)] == [b"READY=1", *[b"WATCHDOG=1"] * 3]


def test_a_place_that_cannot_be_written_to_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIVE_FILE", str(tmp_path / "missing" / "alive"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    Sign().give()


def test_beat_gives_signs_while_nothing_is_due(file: Path) -> None:
    SteadyScheduler(app, lazy=True).tick()
    assert file.exists()


def test_beat_gives_signs_while_redis_is_away_since_it_began(
    file: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = redis_caches(settings.REDIS_URL)
    monkeypatch.setattr(alive, "EVERY_SECONDS", 0.0)
    clock = SteadyScheduler(app, lazy=True)
    clock.add(name="expire", task=expire_due.name, schedule=every(0.01))
    clock.connection = app.connection_for_write(settings.REDIS_URL)

    def tick() -> None:
        for _ in range(3):
            file.unlink(missing_ok=True)
            clock.tick()
            time.sleep(0.02)

    ticking = Thread(target=tick, daemon=True)
    ticking.start()
    ticking.join(5)
    assert not ticking.is_alive()
    assert file.exists()


@pytest.fixture
def worker() -> Iterator[Any]:
    """A worker as far as its threads: it has one."""
    pool = TaskPool(limit=1)
    pool.start()
    yield SimpleNamespace(pool=pool)
    pool.stop()


def test_a_worker_gives_signs_by_the_threads_that_do_its_jobs(
    file: Path, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alive, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(GiveSigns, "every_seconds", 0.01)
    step, hangs, goes_on = GiveSigns(worker), Event(), Event()
    step.start(worker)
    wait_until(file.exists)
    file.unlink()
    wait_until(file.exists)

    def hang() -> None:
        hangs.set()
        goes_on.wait()

    worker.pool.apply_async(hang)
    assert hangs.wait(10)
    file.unlink()
    assert not goes_on.wait(0.2)
    assert not file.exists()
    goes_on.set()
    wait_until(file.exists)
    step.stop(worker)


def test_jobs_that_take_long_are_a_sign_until_they_take_longer_than_any_job(
    file: Path, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alive, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(GiveSigns, "every_seconds", 0.01)
    began, goes_on = Event(), Event()

    def work() -> None:
        began.set()
        goes_on.wait()

    monkeypatch.setattr("sessions_app.tasks.end_what_is_over", work)
    step = GiveSigns(worker)
    step.start(worker)
    worker.pool.apply_async(expire_due.apply)
    assert began.wait(10)
    try:
        file.unlink(missing_ok=True)
        wait_until(file.exists)
        monkeypatch.setattr(life_steps, "JOB_SECONDS", 0.0)
        assert not goes_on.wait(0.1)
        file.unlink()
        assert not goes_on.wait(0.2)
        assert not file.exists()
    finally:
        goes_on.set()
    wait_until(file.exists)
    step.stop(worker)


def test_no_job_takes_longer_than_that() -> None:
    a_statement = waits.JOBS_STATEMENT_SECONDS
    a_letter = 5 * 10.0  # answers of the mail server, each within EMAIL_TIMEOUT
    for longest in (
        2 * searches.SECONDS, events_retention.MOST_SECONDS, buyers_retention.MOST_SECONDS,
        sending.MOST_SECONDS + a_letter,
    ):  # fmt: skip
        assert longest + a_statement < life_steps.JOB_SECONDS
