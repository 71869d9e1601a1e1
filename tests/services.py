"""PostgreSQL and Valkey for a test run: given by DATABASE_URL and REDIS_URL, else made in a temporary folder.

The addresses must be in the environment before Django reads its settings; the servers start a little later,
once, in the process that began the run, and every worker of pytest-xdist inherits the addresses.
"""

import base64
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from checkout_project.running.embedded import Postgres, Valkey

# What a developer's shell may hold and a test must not depend on.
FORGOTTEN = (
    "DEBUG",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "NETWORKS_FILE",
    "BEHIND_PROXY",
    "TRUSTED_PROXIES",
    "OPEN_SIGNUP",
    "EMAIL_HOST",
    "EMAIL_BACKEND",
    "DATA_DIR",
    "PYTHONDONTWRITEBYTECODE",  # each process of a run would compile all tests and all modules for itself
)


@dataclass
class Services:
    """The servers that this process started; in an xdist worker, or with both given, there are none."""

    folder: Path | None = None
    servers: list[Postgres | Valkey] = field(default_factory=list)

    def start(self) -> None:
        if self.folder is not None:
            self.folder.mkdir(mode=0o700)
        for server in self.servers:
            server.start()

    def stop(self) -> None:
        """Ends the servers and removes their data. Harmless when done before."""
        for server in self.servers:
            server.stop()
        self.servers.clear()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def prepare_environment() -> Services:
    """Makes what the settings are read from: throw-away secrets, our servers, nothing of the shell's."""
    for name in [*FORGOTTEN, *(name for name in os.environ if name.startswith("RPC_URL_"))]:
        os.environ.pop(name, None)
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
    os.environ.setdefault("ENCRYPTION_KEYS", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    # Only loopback is spoken to in tests. The ones about refusing private addresses turn it off.
    os.environ["WEBHOOK_ALLOW_PRIVATE"] = "1"
    os.environ["COINBASE_URL"] = os.environ["KRAKEN_URL"] = ""  # tests/fake_rates.py stands in for them
    services = Services()
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        # Only a name yet: reading the settings (as mypy does too) leaves nothing behind.
        services.folder = Path(tempfile.gettempdir()) / f"tallystick-tests-{secrets.token_hex(6)}"
    if services.folder is not None and "DATABASE_URL" not in os.environ:
        postgres = Postgres(folder=services.folder / "postgres", hasty=True)
        os.environ["DATABASE_URL"] = postgres.url
        services.servers.append(postgres)
    if services.folder is not None and "REDIS_URL" not in os.environ:
        valkey = Valkey(folder=services.folder / "valkey", password=secrets.token_urlsafe(24))
        os.environ["REDIS_URL"] = valkey.url
        services.servers.append(valkey)
    os.environ["REDIS_URL"] = _own_redis_database(os.environ["REDIS_URL"])
    return services


def _own_redis_database(url: str) -> str:
    """Each xdist worker (gw0, gw1, …) has a numbered database behind the given one to itself."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker.startswith("gw"):
        return url
    parts = urlsplit(url)
    first = int(parts.path.strip("/") or 0)
    return parts._replace(path=f"/{first + 1 + int(worker.removeprefix('gw'))}").geturl()
