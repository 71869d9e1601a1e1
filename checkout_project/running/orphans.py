"""Finds and stops what a killed run left behind, so that nothing blocks the next start."""

import os
import signal
from pathlib import Path

import psutil

# Every process of a run carries its data folder under this name in its environment.
MARK = "TALLYSTICK_RUN"
PATIENCE_SECONDS = 8.0


def stop_orphans(data_dir: Path) -> int:
    """Ends all processes that belong to an earlier run on this data folder; how many there were.

    To be called by the holder of the folder's lock only: then whatever still carries the mark has lost its parent.
    """
    orphans = [process for process in psutil.process_iter() if _belongs(process, data_dir)]
    for process in orphans:
        _tell(process, signal.SIGINT if _is_postgres(process) else signal.SIGTERM)
    _, stubborn = psutil.wait_procs(orphans, timeout=PATIENCE_SECONDS)
    for process in stubborn:
        _tell(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=PATIENCE_SECONDS)
    return len(orphans)


def _belongs(process: psutil.Process, data_dir: Path) -> bool:
    try:
        return bool(process.pid != os.getpid() and process.environ().get(MARK) == str(data_dir))
    except (psutil.Error, OSError):
        return False  # another user's, or gone


def _is_postgres(process: psutil.Process) -> bool:
    """PostgreSQL takes SIGTERM for "when everybody has left"; SIGINT means now."""
    try:
        return bool(process.name() == "postgres")
    except psutil.Error:
        return False


def _tell(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
