"""Whether worker and beat still do something, for whoever restarts what hangs:

    python -m checkout_project.jobs.alive

ends with 0 when the process that writes ALIVE_FILE did so within the last two minutes. systemd is told, too, where it
asks (`WatchdogSec=`). Nothing of Redis or the database is in it: a restart would not bring them back.
"""

import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

EVERY_SECONDS = 10.0
SILENT_SECONDS = 120.0


class Sign:
    """Of one process that goes on."""

    def __init__(self) -> None:
        self._given = -EVERY_SECONDS

    def give(self) -> None:
        """Called at every turn; writes now and then, and never stops who calls."""
        if time.monotonic() - self._given < EVERY_SECONDS:
            return
        self._given = time.monotonic()
        with suppress(OSError):
            if file := os.environ.get("ALIVE_FILE"):
                Path(file).touch()
            if address := os.environ.get("NOTIFY_SOCKET"):
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
                    # A leading @ stands for the kernel's own names of sockets.
                    systemd.sendto(b"WATCHDOG=1", address.replace("@", "\0", 1))


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
