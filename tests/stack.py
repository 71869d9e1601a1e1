"""The whole of Tallystick as real processes (web, worker, beat) for journey tests, on a database of their own.

    with real_database() as database_url, Anvil(block_time=1) as node:
        with Stack(database_url=database_url, env={"RPC_URL_DEVCHAIN": node.url}) as stack:
            httpx.post(f"{stack.url}/api/v1/checkout", headers=stack.authorization, json={…})
            stack.kill("worker"); stack.launch("worker")

Processes are those of the Procfile, so a journey drives what `make run` starts.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
from django.conf import settings

from checkout_project.processes import commands
from checkout_project.running import children
from checkout_project.running.embedded import Valkey
from tests.loopback import ON_LOOPBACK
from tests.template import template
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0
PROCESSES = ("web", "worker", "beat")


@contextmanager
def real_database() -> Iterator[str]:
    """The DATABASE_URL of a new database on the test run's server, migrated and empty; dropped afterwards."""
    server, name = os.environ["DATABASE_URL"], f"stack_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template()}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"drop database {name} with (force)")


class Stack:
    """One running Tallystick. Use as a context manager, or start() and stop()."""

    def __init__(
        self, *, database_url: str, env: Mapping[str, str] | None = None, processes: tuple[str, ...] = PROCESSES
    ) -> None:
        """env: added to the processes' environment, over what we set. processes: those that `start` starts."""
        self._processes = processes
        self._folder = Path(tempfile.mkdtemp(prefix="tallystick-stack-"))
        self._valkey = Valkey(folder=self._folder / "valkey", password=secrets.token_urlsafe(24))
        self.port = children.free_port()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._commands = commands()
        self.env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "checkout_project.settings",
            "DATABASE_URL": database_url,
            "REDIS_URL": self._valkey.url,
            "DATA_DIR": str(self._folder),
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "WEBHOOK_ALLOW_PRIVATE": "1",
            "SECRET_KEY": settings.SECRET_KEY,
            "ENCRYPTION_KEYS": ",".join(settings.ENCRYPTION_KEYS),
            "PYTHONUNBUFFERED": "1",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            **(env or {}),
        }

    @property
    def url(self) -> str:
        """Where the web process answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def demo(self) -> dict[str, str]:
        """`email`, `password` and `api_key` of the demo merchant."""
        kept: dict[str, str] = json.loads((self._folder / "demo.json").read_text(encoding="utf-8"))
        return kept

    @property
    def authorization(self) -> dict[str, str]:
        """The header with the demo merchant's key."""
        return {"Authorization": f"Bearer {self.demo['api_key']}"}

    def start(self) -> Self:
        """Migrates, makes the demo merchant, starts the processes and waits for the first answer."""
        self._valkey.start()
        self.manage("make_demo")
        for name in self._processes:
            self.launch(name)
        wait_until(self.answers, seconds=START_SECONDS)
        return self

    def stop(self) -> None:
        """Ends everything, whatever happened, and removes what it kept."""
        for process in reversed(self._running.values()):
            children.stop(process)
        self._valkey.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(self.logs())
        self.stop()

    def manage(self, *arguments: str) -> str:
        """Output of `manage.py …` in this stack's environment. Raises AssertionError with it when it fails."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(
            command, env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=START_SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def launch(self, name: str) -> None:
        """Starts one of `web`, `worker`, `beat`; its output goes to its log, behind what is there."""
        with self._log_of(name).open("ab") as log:
            self._running[name] = children.start(
                ["/bin/sh", "-c", self._commands[name]], env=self.env, output=log, folder=ROOT
            )

    def kill(self, name: str) -> None:
        """As a crash does: at once, with all its children."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(START_SECONDS)

    def answers(self) -> bool:
        """Whether the web process answers. Raises AssertionError, with the logs, when a process has ended."""
        ended = [name for name, process in self._running.items() if process.poll() is not None]
        assert not ended, f"{', '.join(ended)} ended\n{self.logs()}"
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5, **ON_LOOPBACK).status_code < 500
        except httpx.TransportError:
            return False

    def end(self, name: str) -> int:
        """Asks politely; the exit code. Raises TimeoutExpired when it stays."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGTERM)
        return process.wait(START_SECONDS)

    def spent(self, name: str) -> float:
        """Processor seconds that it has taken so far."""
        user, system, *_ = psutil.Process(self._running[name].pid).cpu_times()
        return user + system

    def log(self, name: str) -> str:
        """What a process has written so far."""
        path = self._log_of(name)
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def logs(self) -> str:
        """The ends of all logs, to find out why something failed."""
        return "\n".join(f"--- {name}\n{self.log(name)[-3000:]}" for name in PROCESSES)

    def _log_of(self, name: str) -> Path:
        return self._folder / f"{name}.log"
