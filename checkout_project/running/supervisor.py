"""`make run`: brings up what the machine lacks, then the processes of the Procfile, and takes all down again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NoReturn

import httpx

from checkout_project.running import children
from checkout_project.running.errors import CannotRunError
from checkout_project.running.installation import (
    POSTGRES,
    ROOT,
    Installation,
    data_dir_of_environment,
    installation,
    is_taken,
    only_one_run,
    port_of_environment,
)
from checkout_project.running.orphans import MARK, stop_orphans
from checkout_project.running.secrets import demo_file

FIRST_ANSWER_SECONDS = 120.0
# honcho gives its processes five seconds to end before it kills them.
HONCHO_SECONDS = 12.0
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """Ctrl-C, or a polite signal. Like KeyboardInterrupt it is no error, so nothing catches it by accident."""


def run() -> int:
    """Runs until somebody stops it; the exit code. What cannot work is said in plain words."""
    for number in ENDINGS:
        signal.signal(number, _ask_to_stop)
    try:
        with ExitStack() as stack:
            try:
                _run(stack)
            finally:
                # From here on we are stopping already; a second Ctrl-C must not leave something behind.
                for number in ENDINGS:
                    signal.signal(number, signal.SIG_IGN)
    except StopAsked:
        print("Stopped.", flush=True)
        return 0
    except CannotRunError as problem:
        print(problem, file=sys.stderr, flush=True)
        return 1


def _ask_to_stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise StopAsked


def _run(stack: ExitStack) -> NoReturn:
    port, data_dir = port_of_environment(), data_dir_of_environment()
    stack.enter_context(only_one_run(data_dir))
    if stop_orphans(data_dir):
        print("Stopped what an earlier run had left behind.", flush=True)
    if is_taken(port):
        raise CannotRunError(
            f"Port {port} is taken by another program. Stop it, or use another port: PORT={port + 1} make run"
        )
    print("Starting Tallystick …", flush=True)
    os.environ[MARK] = str(data_dir)
    made = installation(port=port, data_dir=data_dir)
    for server in made.servers:
        stack.callback(server.stop)
        server.start()
    _prepare(made.env, stack)
    processes = children.start(
        [sys.executable, "-m", "honcho", "--no-colour", "-e", ".no-env-file", "-f", str(ROOT / "Procfile"), "start"],
        env=_with_our_programs(made.env),
        folder=ROOT,
    )
    stack.callback(children.stop, processes, seconds=HONCHO_SECONDS)
    _wait_for_first_answer(port, processes)
    _announce(made, data_dir)
    _watch(made, processes)


def _prepare(env: Mapping[str, str], stack: ExitStack) -> None:
    """Migrations with the demo merchant, and the static files, in processes of their own: this one stays small."""
    tasks = (
        (["make_demo"], "The database could not be brought up to date"),
        (["collectstatic", "--no-input"], "The static files could not be collected"),
    )
    running = []
    for command, problem in tasks:
        arguments = [sys.executable, str(ROOT / "manage.py"), *command, "--verbosity=0"]
        process = children.start(arguments, env=env, folder=ROOT)
        stack.callback(children.stop, process)
        running.append((process, problem))
    for process, problem in running:
        if process.wait() != 0:
            raise CannotRunError(f"{problem}; the reason stands above.")


def _with_our_programs(env: Mapping[str, str]) -> dict[str, str]:
    """The Procfile calls programs by name: those of this virtual environment come first."""
    folders = [str(Path(sys.executable).parent), env.get("PATH") or os.defpath]
    return {**env, "PATH": os.pathsep.join(folders)}


def _wait_for_first_answer(port: int, processes: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + FIRST_ANSWER_SECONDS
    while time.monotonic() < deadline:
        if processes.poll() is not None:
            raise CannotRunError("A process ended while starting; its last words stand above.")
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5, trust_env=False)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise CannotRunError(f"The web process did not answer within {FIRST_ANSWER_SECONDS:.0f} s.")


def _announce(made: Installation, data_dir: Path) -> None:
    database = data_dir / POSTGRES
    demo = json.loads(demo_file(data_dir).read_text(encoding="utf-8"))
    lines = [
        "",
        f"Tallystick runs at {made.env['PUBLIC_URL']}",
        f"Dashboard: {made.env['PUBLIC_URL']}/dashboard",
        f"Login: {demo['email']}",
        f"Password: {demo['password']}",
        f"API key: {demo['api_key']}",
        made.chain_line,
        f"Data: {data_dir}",
        *([f"Data of PostgreSQL: {database.resolve()}"] if database.is_symlink() else []),
        "Ctrl-C stops everything.",
        "",
    ]
    print("\n".join(lines), flush=True)


def _watch(made: Installation, processes: subprocess.Popen[bytes]) -> NoReturn:
    """Until something ends that should not."""
    while True:
        if processes.poll() is not None:
            raise CannotRunError("A process ended by itself, so all were stopped; its last words stand above.")
        for server in made.servers:
            if server.poll() is not None:
                raise CannotRunError(f"{type(server).__name__} ended by itself, so all was stopped.")
        time.sleep(0.3)
