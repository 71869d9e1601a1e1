"""Child processes that cannot outlive us: tied to our life, stopped politely, then by force."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from common.measures.listening import family_of

POLITE_SECONDS = 10.0


def start(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
    user: pwd.struct_passwd | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts the command in a session of its own: Ctrl-C reaches us alone, and we stop things in order.

    stop_signal is what it gets from the kernel when we die, where `setpriv` can arrange that (Linux but Alpine);
    elsewhere the next start finds what is left (orphans.py). user: who it runs as, when not as ourselves.
    """
    tie = ["setpriv", "--pdeathsig", stop_signal.name] if _can_tie() else []
    return subprocess.Popen(
        [*tie, *command],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        cwd=folder,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )


@cache
def _can_tie() -> bool:
    """Whether util-linux's setpriv is here; others of that name do not know the option."""
    try:
        tried = subprocess.run(["setpriv", "--pdeathsig", "SIGTERM", "true"], capture_output=True, check=False)
    except OSError:
        return False
    return tried.returncode == 0


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
    with socket.socket(family_of(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
