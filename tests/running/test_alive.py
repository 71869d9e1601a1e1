"""What a probe is told of worker and beat: whether they go on, and nothing of Redis or the database."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from celery.concurrency.thread import TaskPool

from checkout_project.celery import app
from checkout_project.jobs.alive import SILENT_SECONDS, Sign
from checkout_project.jobs.beat import SteadyScheduler
from checkout_project.jobs.life_steps import GiveSigns
from tests.stack import ROOT
from tests.waiting import wait_until


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


def test_systemd_is_told_at_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        Sign().give()
        assert systemd.recv(64) == b"WATCHDOG=1"


def test_a_place_that_cannot_be_written_to_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIVE_FILE", str(tmp_path / "missing" / "alive"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    Sign().give()


def test_beat_gives_signs_while_nothing_is_due(file: Path) -> None:
    SteadyScheduler(app, lazy=True).tick()
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
    monkeypatch.setattr("checkout_project.jobs.alive.EVERY_SECONDS", 0.0)
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
