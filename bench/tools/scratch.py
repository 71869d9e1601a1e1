"""A database for one measurement, beside the one that DATABASE_URL names: made, migrated, and dropped at the end."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]


def run_in_scratch_database(module: str, *arguments: str) -> int:
    """Runs `python -m module` on a fresh database; returns its exit code."""
    given = os.environ["DATABASE_URL"]
    name = f"bench_{os.getpid()}"
    environment = os.environ | {
        "DATABASE_URL": urlsplit(given)._replace(path=f"/{name}").geturl(),
        "DJANGO_SETTINGS_MODULE": "checkout_project.settings",
        "DEBUG": "0",  # with it, Django keeps every statement in memory
    }
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(f"create database {name}")
        try:
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity=0"], env=environment, cwd=ROOT, check=True
            )
            return subprocess.run([sys.executable, "-m", module, *arguments], env=environment, cwd=ROOT).returncode
        finally:
            server.execute(f"drop database {name} with (force)")
