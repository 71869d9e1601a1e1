"""`make run`: brings up what the machine lacks, then web, worker and beat, and takes all down again."""

import json
import os
import signal
import sys
import time
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from textwrap import indent
from types import FrameType
from typing import NoReturn

from checkout_project.running import forks, static
from checkout_project.running.errors import CannotRunError
from checkout_project.running.installation import (
    POSTGRES,
    Installation,
    data_dir_of_environment,
    installation,
    is_taken,
    only_one_run,
    port_of_environment,
)
from checkout_project.running.orphans import MARK, stop_orphans
from checkout_project.running.secrets import demo_file
from common.api.first_sale import first_command

FIRST_ANSWER_SECONDS = 120.0
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# What Python and its C library read only when they begin.
_INTERPRETER = {
    "PYTHONUNBUFFERED": "1",
    # As root in a container: fine here, and no news to anybody.
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
    "MALLOC_ARENA_MAX": "2",  # one for each of many threads would mostly stand empty
}


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
    _carry_mark(data_dir)
    stack.enter_context(only_one_run(data_dir))
    if stop_orphans(data_dir):
        print("Stopped what an earlier run had left behind.", flush=True)
    if is_taken(port):
        raise CannotRunError(
            f"Port {port} is taken by another program. Stop it, or use another port: PORT={port + 1} make run"
        )
    print("Starting Tallystick …", flush=True)
    made = installation(port=port, data_dir=data_dir)
    for server in made.servers:
        stack.callback(server.stop)
        server.begin()
    os.environ.update(made.env)
    forks.import_everything()  # while they come up
    for server in made.servers:
        server.wait()
    _prepare(stack)
    process = forks.Fork(forks.work, name="Tallystick")
    stack.callback(process.stop)
    _wait_for_first_answer(port, process)
    _announce(made, data_dir)
    _watch(made, process)


def _carry_mark(data_dir: Path) -> None:
    """Begins again with the mark in the environment that others see of us, and so of all our forks."""
    if os.environ.get(MARK) != str(data_dir):
        os.environ[MARK] = str(data_dir)
        os.execve(sys.executable, [sys.executable, "-m", "checkout_project.running"], _INTERPRETER | os.environ)


def _prepare(stack: ExitStack) -> None:
    """Migrations with the demo merchant, and the static files, beside each other."""
    tasks = (
        (forks.manage("make_demo", "--verbosity=0"), "The database could not be brought up to date"),
        (static.collect, "The static files could not be collected"),
    )
    running = []
    for work, problem in tasks:
        running.append((forks.Fork(work, name="prepare"), problem))
        stack.callback(running[-1][0].stop)
    for process, problem in running:
        if process.wait() != 0:
            raise CannotRunError(f"{problem}; the reason stands above.")


def _wait_for_first_answer(port: int, process: forks.Fork) -> None:
    deadline = time.monotonic() + FIRST_ANSWER_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CannotRunError("It ended while starting; its last words stand above.")
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            connection.getresponse()
        except (OSError, HTTPException):
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    raise CannotRunError(f"The web process did not answer within {FIRST_ANSWER_SECONDS:.0f} s.")


def _announce(made: Installation, data_dir: Path) -> None:
    database, url = data_dir / POSTGRES, made.env["PUBLIC_URL"]
    demo = json.loads(demo_file(data_dir).read_text(encoding="utf-8"))
    lines = [
        "",
        f"Tallystick runs at {url}",
        f"Dashboard: {url}/dashboard",
        f"Login: {demo['email']}",
        f"Password: {demo['password']}",
        f"API key: {demo['api_key']}",
        f"Login and key are kept in {demo_file(data_dir)}",
        made.chain_line,
        f"Data: {data_dir}",
        *([f"Data of PostgreSQL: {database.resolve()}"] if database.is_symlink() else []),
        "",
        "What to do next: sell something, open the `url` in the answer, and pay it there.",
        indent(first_command(url=url, key=demo["api_key"]), "  "),
        f"Guides and the API: {url}/docs",
        f"For operators: {url}/admin, with the same login",
        "Ctrl-C stops everything.",
        "",
    ]
    print("\n".join(lines), flush=True)


def _watch(made: Installation, process: forks.Fork) -> NoReturn:
    """Until something ends that should not."""
    while True:
        if process.poll() is not None:
            raise CannotRunError("It ended by itself, so all was stopped; its last words stand above.")
        for server in made.servers:
            if server.poll() is not None:
                raise CannotRunError(f"{type(server).__name__} ended by itself, so all was stopped.")
        time.sleep(0.3)
