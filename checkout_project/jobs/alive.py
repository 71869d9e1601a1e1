"""Whether web, worker and beat still do something, for whoever restarts what hangs:

    python -m checkout_project.jobs.alive

ends with 0 when the process that writes ALIVE_FILE did so within the last two minutes. systemd is told, too, where it
asks (`WatchdogSec=`). And a process that gave no sign for so long ends by itself, since compose restarts what ended and
leaves alone what hangs. Nothing of Redis or the database is in it: a restart would not bring them back.
"""

import faulthandler
import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event

EVERY_SECONDS = 10.0
SILENT_SECONDS = 120.0
# This process's: it ends without any.
_are_expected = Event()


class Sign:
    """Of one process that goes on."""

    def __init__(self) -> None:
        self._given = -EVERY_SECONDS

    def give(self) -> None:
        """Called at every turn; writes now and then, and never stops who calls."""
        if time.monotonic() - self._given < EVERY_SECONDS:
            return
        self._given = time.monotonic()
        if _are_expected.is_set():
            _wait_for_another()
        with suppress(OSError):
            if file := os.environ.get("ALIVE_FILE"):
                Path(file).touch()
            tell_systemd("WATCHDOG=1")


def expect_signs() -> None:
    """From now on this process ends when two minutes pass without one, and says where each of its threads was then.

    Only where somebody starts it again: whoever asks for signs. By a timer that needs nothing of a Python that hangs.
    """
    if any(os.environ.get(name) for name in ("ALIVE_FILE", "NOTIFY_SOCKET")):
        _are_expected.set()
        _wait_for_another()


def expect_none() -> None:
    """It stops, and takes the time that it is given for that."""
    _are_expected.clear()
    faulthandler.cancel_dump_traceback_later()


def tell_systemd(state: str) -> None:
    """Where it listens. Raises OSError when it does not."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.setblocking(False)  # one that reads nothing must not hold us up
            # A leading @ stands for the kernel's own names of sockets.
            systemd.sendto(state.encode(), address.replace("@", "\0", 1))


def _wait_for_another() -> None:
    # To the process's own errors, by their number: Celery puts something else in the place of sys.stderr.
    faulthandler.dump_traceback_later(SILENT_SECONDS, exit=True, file=2)


def silent_seconds(file: Path) -> float:
    """Since its last sign. Raises OSError when it has given none."""
    return time.time() - file.stat().st_mtime


def main() -> int:
    """Says how long ago."""
    file = Path(os.environ.get("ALIVE_FILE") or "ALIVE_FILE is not set")
    try:
        silent = silent_seconds(file)
    except OSError as error:
        print(f"No sign of life: {file}: {error.strerror}.", file=sys.stderr)  # noqa: T201
        return 1
    print(f"Last sign of life {silent:.0f} s ago.")  # noqa: T201
    return 0 if silent < SILENT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
