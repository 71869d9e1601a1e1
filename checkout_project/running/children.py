"""Child processes that cannot outlive us: started under a guard, stopped politely, then by force."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

GUARD = Path(__file__).with_name("guard.py")
POLITE_SECONDS = 10.0


def start(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
    drop_root: bool = False,
    stop_signal: signal.Signals = signal.SIGTERM,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts the command in a session of its own: Ctrl-C reaches us alone, and we stop things in order.

    stop_signal is what it gets from the kernel when we die (Linux). drop_root: as `nobody` when we are root.
    """
    guard = [
        sys.executable,
        "-I",
        str(GUARD),
        stop_signal.name,
        str(os.getpid()),
        "drop" if drop_root else "stay",
    ]
    return subprocess.Popen(
        [*guard, *command],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        cwd=folder,
    )


def stop(
    process: subprocess.Popen[bytes] | None,
    *,
    by: signal.Signals = signal.SIGTERM,
    seconds: float = POLITE_SECONDS,
) -> None:
    """Asks the process to end, then kills its whole group. Harmless when it has ended."""
    if process is None:
        return
    if process.poll() is None:
        process.send_signal(by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(seconds)


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether we could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
