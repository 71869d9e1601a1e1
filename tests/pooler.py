"""Debian's PgBouncer before the test database: each transaction gets whichever of two connections is free.

Or each of ours has one of them to itself, as long as it stays open.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from aiohttp.test_utils import unused_port
from django.conf import LazySettings
from django.db import connection

from checkout_project import env
from checkout_project.running.plain_user import plain_user
from common.postgresql.poolers import SESSION, TRANSACTION

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
_CONFIGURATION = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 2
max_client_conn = 200
"""
_TLS = """client_tls_sslmode = require
client_tls_cert_file = {}
client_tls_key_file = {}
"""


@pytest.fixture(scope="module")
def pooler_port() -> Iterator[int]:
    """Where it listens."""
    with pooler(TRANSACTION) as port:
        yield port


@contextmanager
def pooler(mode: str, *, tls: tuple[Path, Path] | None = None) -> Iterator[int]:
    """Where it listens. tls: its certificate and key; then it speaks nothing else."""
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed (Debian: apt-get install pgbouncer)")
    port, server = unused_port(), connection.settings_dict
    # Not below pytest's own folder, which only this user may enter; PgBouncer will not run as root.
    file = Path(f"/tmp/tallystick-pgbouncer-{port}.ini")
    about = {"host": server["HOST"] or "127.0.0.1", "port": server["PORT"], "user": server["USER"],
             "password": server["PASSWORD"]}  # fmt: skip
    reach = " ".join(f"{name}={value}" for name, value in about.items() if value)
    configuration = _CONFIGURATION.format(server=reach, own_port=port, mode=mode)
    user, shown = plain_user(), [file.with_suffix(each) for each in (".crt", ".key")]
    for own, given in zip(shown, tls or (), strict=False):
        shutil.copy(given, own)
    if tls:
        configuration += _TLS.format(*shown)
    file.write_text(configuration, encoding="utf-8")
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    with subprocess.Popen([PROGRAM, "--quiet", str(file)], **as_user) as process:  # type: ignore[call-overload]
        try:
            _wait(port)
            yield port
        finally:
            process.terminate()
            for each in (file, *shown):
                each.unlink(missing_ok=True)


@pytest.fixture
def pooled(pooler_port: int, transactional_db: None, settings: LazySettings) -> Iterator[None]:
    """From here on every new connection of this process goes by it, and the settings say so."""
    with _used(pooler_port, TRANSACTION, settings):
        yield


@pytest.fixture
def pooled_by_session(transactional_db: None, settings: LazySettings) -> Iterator[None]:
    """The same by one that changes nothing for who is connected."""
    with pooler(SESSION) as port, _used(port, SESSION, settings):
        yield


@contextmanager
def _used(port: int, mode: str, settings: LazySettings) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DATABASE_POOLER", mode)
        settings.DATABASE_POOLER = env.pooler()
        patched.setenv("DATABASE_URL", f"postgresql://anybody@127.0.0.1:{port}/name")
        for name, value in env.database("DATABASE_URL").items():
            if name in {"HOST", "PORT", "OPTIONS"}:
                patched.setitem(connection.settings_dict, name, value)
        connection.close()
        yield
        connection.close()


def _wait(port: int) -> None:
    for _ in range(60):
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} dbname=postgres user=x connect_timeout=2").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("PgBouncer does not answer")
