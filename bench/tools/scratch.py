"""A database for one measurement, beside the one that DATABASE_URL names: made, migrated, and dropped at the end."""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]


def core_speed() -> float:
    """Million steps of a plain Python loop a second, in cpu time: what a figure of another machine is compared by."""
    began, total = time.process_time(), 0
    for step in range(2_000_000):
        total += step
    return 2 / (time.process_time() - began)


def run_in_scratch_database(module: str, *arguments: str) -> int:
    """Runs `python -m module` on a fresh database; returns its exit code."""
    given = os.environ["DATABASE_URL"]
    name = f"bench_{os.getpid()}"
    environment = os.environ | {
        "DATABASE_URL": urlsplit(given)._replace(path=f"/{name}").geturl(),
        "DJANGO_SETTINGS_MODULE": "checkout_project.settings",
        "DEBUG": "0",  # with it, Django keeps every statement in memory
    }
    python, load = platform.python_version(), os.getloadavg()[0]
    print(
        f"{os.cpu_count()} cores {platform.machine()} ({core_speed():.0f} million loop steps/s), Python {python}, "
        f"load before {load:.1f}",
        flush=True,
    )
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(f"create database {name}")
        try:
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity=0"], env=environment, cwd=ROOT, check=True
            )
            return subprocess.run([sys.executable, "-m", module, *arguments], env=environment, cwd=ROOT).returncode
        finally:
            server.execute(f"drop database {name} with (force)")
