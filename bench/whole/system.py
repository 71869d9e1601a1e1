"""The whole of Tallystick as real processes, each of which can be killed, started again, and have its clock set."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import RLock

import psutil
from redis import Redis

from bench.tools.servers import ROOT
from bench.whole.plan import PROCESSES
from checkout_project.processes import commands
from checkout_project.running import children
from checkout_project.running.embedded import Postgres, Valkey
from checkout_project.running.errors import CannotRunError
from checkout_project.running.secrets import secrets_of

START_SECONDS = 120.0
# What makes it refuse, and what ends that.
VALKEY = {
    "full": ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    "read-only": ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
}
POSTGRES = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "kill -9": signal.SIGKILL}


def until(done: Callable[[], bool], seconds: float, what: str = "it") -> None:
    """Waits. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took more than {seconds:.0f} s")
        time.sleep(0.05)


class System:
    """PostgreSQL, Valkey, two web processes, two workers and the clock. Use as a context manager."""

    def __init__(self, folder: Path, *, env: Mapping[str, str]) -> None:
        """env: of the processes, over what is set here."""
        self.folder = folder
        self.postgres = Postgres(folder=folder / "pg")
        self.valkey = Valkey(folder=folder / "valkey", password=secrets.token_urlsafe(16))
        self.ports = {name: children.free_port() for name in PROCESSES[:2]}
        self.ended: Counter[str] = Counter()  # processes that ended by themselves
        self._lock = RLock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._commands = commands()
        kept = secrets_of(folder)
        self.env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "checkout_project.settings",
            "DATABASE_URL": self.postgres.url, "REDIS_URL": self.valkey.url, "DATA_DIR": str(folder),
            "PUBLIC_URL": self.url("web-1"), "WEBHOOK_ALLOW_PRIVATE": "1", "DEBUG": "0", "PYTHONUNBUFFERED": "1",
            "RATE_LIMIT_PER_KEY": str(10**9), "RATE_LIMIT_PER_ADDRESS": str(10**9),
            "SECRET_KEY": kept["SECRET_KEY"], "ENCRYPTION_KEYS": kept["ENCRYPTION_KEYS"],
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            **env,
        }  # fmt: skip

    def __enter__(self) -> "System":
        try:
            self.postgres.start()
            self.valkey.start()
            command = [sys.executable, str(ROOT / "manage.py"), "make_demo", "--verbosity=0"]
            subprocess.run(command, env=self.env, cwd=ROOT, check=True, timeout=START_SECONDS)
            for name in PROCESSES:
                self.launch(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            children.stop(process)
        self.valkey.stop()
        self.postgres.stop()

    def url(self, name: str) -> str:
        """Of a web process."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def log(self, name: str) -> Path:
        """What a process wrote."""
        return self.folder / f"{name}.log"

    def launch(self, name: str) -> None:
        """Starts it; what it writes goes behind what is there."""
        command = self._commands[name.split("-")[0]]
        env = self.env | ({"PORT": str(self.ports[name])} if name in self.ports else {}) | self._clock_of(name)
        with self._lock, self.log(name).open("ab") as log:
            self._running[name] = children.start(["/bin/sh", "-c", command], env=env, output=log, folder=ROOT)

    def kill(self, *names: str) -> None:
        """With -9, with all their children; and starts them again."""
        with self._lock:
            for name in names:
                self.strike_down(name)
            for name in names:
                self.launch(name)

    def strike_down(self, name: str) -> None:
        """With -9, with all its children; and leaves it so."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._running[name].pid, signal.SIGKILL)
        self._running[name].wait(10)

    def processes(self, name: str) -> list[psutil.Process]:
        """It, and its children."""
        first = psutil.Process(self._running[name].pid)
        return [first, *first.children(recursive=True)]

    def look_after(self) -> None:
        """Notes what ended by itself, and starts it again."""
        with self._lock:
            for name, process in self._running.items():
                if process.poll() is not None:
                    self.ended[f"{name} ended by itself with {process.returncode}"] += 1
                    self.launch(name)

    # --- clocks

    def set_clock(self, name: str, seconds: float) -> None:
        """From now on the process's clock goes wrong by so much; its steady clock stays."""
        file = self._clock_file(name)
        file.with_suffix(".new").write_text(f"{seconds:+.0f}\n")
        file.with_suffix(".new").replace(file)

    def _clock_file(self, name: str) -> Path:
        return self.folder / f"{name}.clock"

    def _clock_of(self, name: str) -> dict[str, str]:
        if not self._clock_file(name).exists():
            self.set_clock(name, 0)
        return {"PYTHONPATH": str(ROOT / "bench/whole/wrong_clock"), "WRONG_CLOCK": str(self._clock_file(name))}

    # --- servers

    def restart_postgres(self, how: str, away: float) -> None:
        """Ends it in one of POSTGRES' ways; it is back after so many seconds."""
        pid = int((self.folder / "pg" / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, POSTGRES[how])
        until(lambda: self.postgres.poll() is not None, 30, "ending PostgreSQL")
        time.sleep(away)
        for attempt in range(20):  # what a killed one left lives on for a moment
            try:
                self.postgres.start()
                return
            except CannotRunError:
                if attempt == 19:
                    raise
                time.sleep(0.5)

    def restart_valkey(self, away: float) -> None:
        """Kills it with all it holds; it is back after so many seconds."""
        with Redis.from_url(self.valkey.url) as client:
            pid = client.info()["process_id"]
        os.kill(pid, signal.SIGKILL)
        self.valkey.stop()
        time.sleep(away)
        self.valkey.start()

    def wipe_valkey(self) -> None:
        """All it holds is gone."""
        with Redis.from_url(self.valkey.url) as client:
            client.flushall()

    def silence_valkey(self, seconds: float) -> None:
        """It takes calls and answers none."""
        with Redis.from_url(self.valkey.url) as client:
            pid = client.info()["process_id"]
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)

    def let_valkey_refuse(self, how: str, seconds: float) -> None:
        """It answers, and says no, in one of VALKEY's ways."""
        begin, end = VALKEY[how]
        with Redis.from_url(self.valkey.url) as client:
            client.execute_command(begin)
            try:
                time.sleep(seconds)
            finally:
                client.execute_command(end)
