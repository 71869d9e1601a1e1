"""What `make run` costs when nobody does anything: memory, processes, how soon it answers and ends; twice.

Memory is PSS, as the kernel counts it: what several processes share is divided among them, and nothing counts twice.
Other runs of the same files on this machine take a share of theirs, and of the processor, so measure with none.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from bench.tools.figures import figure, most
from checkout_project.running import children

ROOT = Path(__file__).resolve().parents[2]
MOST_MEGABYTES, MOST_PROCESSES, MOST_SECONDS = 400.0, 12, 5.0
PATIENCE_SECONDS = 120.0
LOOKS = 8


def main() -> int:
    """1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rest", type=float, default=30, help="seconds from the first answer until it is looked at")
    rest = parser.parse_args().rest
    with tempfile.TemporaryDirectory(prefix="tallystick-idle-") as folder:
        return max(_measured(name, Path(folder, "data"), rest) for name in ("first start", "second start"))


def _measured(name: str, data_dir: Path, rest: float) -> int:
    port = children.free_port()
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(data_dir.parent),
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
    }
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "checkout_project.running"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ) as run:
        try:
            _wait_until_ready(port, run)
            seconds, spent = time.monotonic() - began, _processor_seconds(run.pid)
            time.sleep(rest)
            # Those of PostgreSQL come and go with the jobs: the look in the middle counts.
            found = sorted((_processes(run.pid) for _ in range(LOOKS)), key=lambda seen: (len(seen), seen))[LOOKS // 2]
        finally:
            told = time.monotonic()
            run.terminate()
            run.wait(PATIENCE_SECONDS)
            ended = time.monotonic() - told
    if not found:
        raise SystemExit("It ended by itself.")
    megabytes = sum(pss for pss, _ in found)
    for pss, command in found:
        print(f"  {pss:6.1f} MB  {command}")
    good = figure(f"{name}: ready after", seconds, "s", goal=most(MOST_SECONDS))
    figure(f"{name}: processor time until then", spent, "s")
    good &= figure(f"{name}: idle memory", megabytes, "MB (PSS)", goal=most(MOST_MEGABYTES))
    good &= figure(f"{name}: processes", len(found), "", goal=most(MOST_PROCESSES))
    figure(f"{name}: ended after", ended, "s")
    return 0 if good else 1


def _wait_until_ready(port: int, run: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and run.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise SystemExit("It did not come up; `make run` says why.")


def _processes(of: int) -> list[tuple[float, str]]:
    """PSS in MB and command of the run and of all that it started, the largest first."""
    time.sleep(1)
    top, found = psutil.Process(of), []
    for each in (top, *top.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            found.append((_pss(each.pid), " ".join(each.cmdline())[:100]))
    return sorted(found, reverse=True)


def _processor_seconds(of: int) -> float:
    """Of the run and all that it started, those that have ended too."""
    top = psutil.Process(of)
    return sum(sum(each.cpu_times()[:4]) for each in (top, *top.children(recursive=True)))


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Pss:"))) / 1024


if __name__ == "__main__":
    sys.exit(main())
