"""A process that has loaded what is not ours, and forks a child for each run of pytest: seconds saved a change.

It reads one JSON object a line (`arguments`, `environment`, `folder`, `seconds`) and writes pytest's exit code; a run
that hangs has failed.
"""

import importlib
import json
import os
import signal
import sys
import time
from contextlib import suppress

# Nothing that asks for settings: those are ours, and ours must be read anew in each child.
LOADED = (
    "pytest", "xdist", "hypothesis", "hypothesis.strategies", "time_machine", "psycopg",
    "psycopg.adapt", "django.db.models", "django.db.backends.postgresql.base", "django.template", "django.forms",
    "django.http", "django.test", "celery", "redis", "valkey", "httpx", "aiohttp", "structlog", "babel.numbers",
    "cryptography.fernet", "eth_abi", "eth_keys", "eth_utils", "orjson", "simplejson", "segno", "pydantic", "coincurve",
)  # fmt: skip


def main() -> None:
    for name in LOADED:
        with suppress(ImportError):  # left out, it is only slower
            importlib.import_module(name)
    for line in sys.stdin:
        print(run(**json.loads(line)), flush=True)


def run(arguments: list[str], environment: dict[str, str], folder: str, seconds: float) -> int:
    """pytest's exit code in a process group of its own, which ends with it."""
    child = os.fork()
    if child == 0:
        _become_pytest(arguments, environment, folder)
    ends = time.monotonic() + seconds
    status: int | None = None
    while status is None and time.monotonic() < ends:
        done, code = os.waitpid(child, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(code)
        else:
            time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
    return 1 if status is None else status


def _become_pytest(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    os.setpgrp()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = folder  # in the place of this file's own folder
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    code = 1
    try:
        code = int(importlib.import_module("pytest").main(arguments))
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
