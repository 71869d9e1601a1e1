"""What `make run` starts, on a data folder and port of its own: started, found again, killed, stopped."""

import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from checkout_project.running.children import free_port
from checkout_project.running.orphans import MARK, stop_orphans
from tests.loopback import ON_LOOPBACK
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
# Three whole starts beside other tests on a small machine: generous, and nothing waits longer than it must.
SECONDS = 150.0


class Run:
    """One `python -m checkout_project.running`, as a fresh machine's shell would start it."""

    def __init__(self, data_dir: Path, *, port: int | None = None, **env: str) -> None:
        self.data_dir, self.port = data_dir, port or free_port()
        given = {"PATH": os.environ["PATH"], "HOME": str(data_dir), "DATA_DIR": str(data_dir), "PORT": str(self.port)}
        self._log = data_dir.with_name(f"output-{secrets.token_hex(4)}")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "checkout_project.running"],
                cwd=ROOT,
                env=given | env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def line(self, start: str) -> str:
        """What follows `start` in the line that begins with it, once it has been printed."""

        def printed() -> str | None:
            lines = [line for line in self.output.splitlines() if line.startswith(start)]
            assert lines or self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.output}"
            return lines[0].removeprefix(start).strip() if lines else None

        try:
            return wait_until(printed, seconds=SECONDS) or ""
        except AssertionError as problem:
            problem.add_note(self.output)
            raise

    def ready(self) -> "Run":
        """Waits for the last line of the announcement."""
        self.line("Ctrl-C stops everything")
        return self

    def is_well(self) -> bool:
        """Whether all that it consists of works."""
        answer = httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=SECONDS, **ON_LOOPBACK)
        return bool(answer.json()["status"] == "ok")

    def end(self, by: signal.Signals) -> int:
        """Sends the signal; the exit code."""
        self.process.send_signal(by)
        return self.process.wait(SECONDS)

    def left_over(self) -> list[str]:
        """Processes that still belong to it."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == str(self.data_dir):
                    found.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return found


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    folder = (tmp_path / "data").resolve()
    yield folder
    stop_orphans(folder)
    if (folder / "postgres").is_symlink():  # as root: pytest's folders are for their owner only
        shutil.rmtree((folder / "postgres").resolve())


def test_it_starts_answers_stops_and_finds_everything_again(data_dir: Path) -> None:
    first = Run(data_dir).ready()
    key = first.line("API key: ")
    assert key.startswith("sk_test_")
    assert first.line("Tallystick runs at ") == f"http://127.0.0.1:{first.port}"
    assert first.line("devchain RPC: ").startswith("http://127.0.0.1:")
    listed = httpx.get(
        f"http://127.0.0.1:{first.port}/api/v1/checkout", headers={"Authorization": f"Bearer {key}"}, trust_env=False
    )
    assert (listed.status_code, listed.json()) == (200, [])
    first_call = shlex.split(first.output[first.output.index("  curl ") :].partition("\nGuides")[0].replace("\\\n", ""))
    sold = httpx.post(
        first_call[1],
        headers=dict(each.split(": ") for each in first_call[3:6:2]),
        content=first_call[-1],
        trust_env=False,
    )
    assert sold.status_code == 200, sold.text
    wait_until(first.is_well, seconds=SECONDS)  # worker and beat too
    for private in (data_dir, data_dir / "secrets.json", data_dir / "demo.json", data_dir / "postgres" / "data"):
        assert private.stat().st_mode & 0o077 == 0, private
    assert first.end(signal.SIGINT) == 0
    assert first.left_over() == []

    second = Run(data_dir, DEVCHAIN="0").ready()
    assert (second.line("API key: "), second.line("Password: ")) == (key, first.line("Password: "))
    assert "sandbox" in second.line("devchain: not started")
    # A second one on the same folder is refused and harms nothing.
    assert Run(data_dir).process.wait(SECONDS) == 1
    assert second.process.poll() is None

    # Even its helpers are killed, so that nobody can stop the rest politely.
    helpers = [child for child in psutil.Process(second.process.pid).children() if child.name().startswith("python")]
    assert helpers
    assert second.end(signal.SIGKILL) == -signal.SIGKILL
    for helper in helpers:
        helper.kill()

    third = Run(data_dir, port=second.port, DEVCHAIN="0").ready()
    assert third.line("API key: ") == key
    assert third.end(signal.SIGTERM) == 0
    assert third.left_over() == []


def test_a_taken_port_is_said_in_one_line(data_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        run = Run(data_dir, port=port)
        assert run.process.wait(SECONDS) == 1
    assert run.output.strip() == (
        f"Port {port} is taken by another program. Stop it, or use another port: PORT={port + 1} make run"
    )


@pytest.mark.parametrize("port", ["nonsense", "0", "70000"])
def test_a_port_that_is_none_is_said_in_one_line(data_dir: Path, port: str) -> None:
    run = Run(data_dir, PORT=port)
    assert run.process.wait(SECONDS) == 1
    assert run.output.strip() == f"PORT={port} is not a port: give a number from 1 to 65535."
