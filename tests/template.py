"""A migrated, empty database that others are copied from: migrating takes seconds, copying a fraction of one.

A working copy keeps it as a file: a second run of its tests, with the same migrations, does not migrate again.
"""

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from checkout_project.restoring.programs import places

_ROOT = Path(__file__).resolve().parent.parent
_MIGRATIONS = sorted(path for path in _ROOT.glob("*_app/migrations/*.py"))
_PREFIX = "tallystick_template_"
# By what it was made from: one that an earlier tree left on a developer's own server is not taken for ours.
_MADE_FROM = [*_MIGRATIONS, _ROOT / "requirements-run.lock"]  # libraries have migrations, too
NAME = _PREFIX + hashlib.sha256(b"".join(path.read_bytes() for path in _MADE_FROM)).hexdigest()[:12]
_KEPT = _ROOT / ".pytest_cache" / f"{NAME}.dump"
_LOCK = 0x7E_4417E


@cache
def template() -> str:
    """Its name. Whichever process of a run needs it first makes it; the others wait for that one."""
    server = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(server.geturl(), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        # Called a template once it is complete: what a killed run left half is made anew.
        ready = connection.execute("select datistemplate from pg_database where datname = %s", [NAME]).fetchone()
        if ready != (True,):
            _remove_former(connection)
            connection.execute(f"create database {NAME}")
            url = server._replace(path=f"/{NAME}").geturl()
            if not read_kept(url):
                _migrate(url)
                keep(url)
            connection.execute(f"alter database {NAME} is_template true")
    return NAME


def _remove_former(connection: psycopg.Connection) -> None:
    former = connection.execute("select datname from pg_database where starts_with(datname, %s)", [_PREFIX]).fetchall()
    for (name,) in former:
        connection.execute(f"alter database {name} is_template false")
        connection.execute(f"drop database {name}")


def _migrate(database_url: str) -> None:
    settings = {"DJANGO_SETTINGS_MODULE": "checkout_project.settings", "DATABASE_URL": database_url}
    command = [sys.executable, str(_ROOT / "manage.py"), "migrate", "-v0"]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False, cwd=_ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def read_kept(database_url: str, kept: Path = _KEPT) -> bool:
    """All of it or nothing. What cannot be read is thrown away."""
    if kept.exists() and _work("pg_restore", "--no-owner", "--single-transaction", str(kept), database_url):
        return True
    kept.unlink(missing_ok=True)
    return False


def keep(database_url: str, kept: Path = _KEPT) -> None:
    """Where it cannot be, the next run migrates too. Another run, by another server, may write at this moment."""
    kept.parent.mkdir(exist_ok=True)
    for former in kept.parent.glob(f"{_PREFIX}*{kept.suffix}"):
        former.unlink(missing_ok=True)
    part = kept.with_suffix(f".{os.getpid()}.part")
    if _work("pg_dump", "--format=custom", "--no-owner", f"--file={part}", database_url):
        part.rename(kept)
    part.unlink(missing_ok=True)


def _work(program: str, *arguments: str) -> bool:
    """By whichever of them is of the server's version."""
    *given, database_url = arguments
    commands = ([path, *given, f"--dbname={database_url}"] for path in places(program))
    return any(subprocess.run(each, capture_output=True, check=False).returncode == 0 for each in commands)
