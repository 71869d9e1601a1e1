"""What a run is made of: its port and data folder, its environment, and the servers the machine lacks."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from checkout_project.running import children, devchain
from checkout_project.running.embedded import Postgres, Valkey
from checkout_project.running.errors import CannotRunError
from checkout_project.running.orphans import MARK
from checkout_project.running.secrets import secrets_of
from common.mail_backends import CONSOLE
from common.measures.listening import own_host

ROOT = Path(__file__).resolve().parents[2]
# Within the data folder; when root's PostgreSQL may not come there, a link to where its data is (plain_user.py).
POSTGRES = "postgres"


class Server(Protocol):
    """What a run starts before its processes, watches, and stops after them."""

    def begin(self) -> None: ...

    def wait(self) -> None: ...

    def stop(self) -> None: ...

    def poll(self) -> int | None: ...


@dataclass
class Installation:
    """One run's environment and servers. Nothing is started by making it."""

    env: dict[str, str]
    servers: list[Server] = field(default_factory=list)
    chain_line: str = ""


def port_of_environment() -> int:
    """PORT, or 8000. Raises CannotRunError."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotRunError(f"PORT={text} is not a port: give a number from 1 to 65535.")
    return int(text)


def data_dir_of_environment() -> Path:
    """DATA_DIR, or `.data` in the project's folder; made when missing. Raises CannotRunError."""
    folder = Path(os.environ.get("DATA_DIR") or ROOT / ".data").expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / ".lock").open("a"):
            return folder
    except OSError as problem:
        raise CannotRunError(f"Cannot write to the data folder {folder}: {problem.strerror}.") from problem


@contextmanager
def only_one_run(data_dir: Path) -> Iterator[None]:
    """Holds the folder's lock, which the kernel takes back however we end. Raises CannotRunError when it is held."""
    with (data_dir / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRunError(
                f"Tallystick already runs on {data_dir}. Stop it, or use another folder: DATA_DIR=… make run"
            ) from None
        yield


def installation(*, port: int, data_dir: Path) -> Installation:
    """What the environment gives is used; what it lacks is made here and kept under the data folder."""
    kept = secrets_of(data_dir)
    ours = {
        "SECRET_KEY": kept["SECRET_KEY"],
        "ENCRYPTION_KEYS": kept["ENCRYPTION_KEYS"],
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WEBHOOK_ALLOW_PRIVATE": "1",
    }
    made = Installation(env=ours | os.environ)
    made.env |= {MARK: str(data_dir), "DATA_DIR": str(data_dir), "PORT": str(port)}
    made.env.setdefault("STATIC_ROOT", str(data_dir / "static"))
    if not made.env.get("EMAIL_HOST"):
        made.env.setdefault("EMAIL_BACKEND", CONSOLE)  # letters are shown among the run's lines
    if not made.env.get("DATABASE_URL"):
        postgres = Postgres(folder=data_dir / POSTGRES, small=True)
        made.servers.append(postgres)
        made.env["DATABASE_URL"] = postgres.url
    if not made.env.get("REDIS_URL"):
        valkey = Valkey(folder=data_dir / "valkey", password=kept["VALKEY_PASSWORD"])
        made.servers.append(valkey)
        made.env["REDIS_URL"] = valkey.url
    _add_devchain(made, data_dir)
    return made


def _add_devchain(made: Installation, data_dir: Path) -> None:
    """The local EVM node, unless the environment names one, or it is missing or not wanted (DEVCHAIN=0)."""
    sandbox = "test payments work without it, in the sandbox"
    if url := made.env.get("RPC_URL_DEVCHAIN"):
        made.chain_line = f"devchain RPC: {url}"
    elif made.env.get("DEVCHAIN") == "0":
        made.chain_line = f"devchain: not started (DEVCHAIN=0); {sandbox}."
    elif (program := devchain.binary()) is None:
        made.chain_line = f"devchain: not started, because {devchain.what_is_missing()}; {sandbox}."
    else:
        node = devchain.Devchain(program=program, folder=data_dir / "devchain")
        made.servers.append(node)
        made.env["RPC_URL_DEVCHAIN"] = node.url
        made.chain_line = f"devchain RPC: {node.url}\ndevchain faucet: {devchain.FAUCET} (test ETH, USDC, USDT)"


def is_taken(port: int) -> bool:
    """Whether another program listens where the web process shall."""
    return not children.is_free(port, host=own_host())
