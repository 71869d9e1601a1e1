"""Runs pytest in a fork of a process that has loaded what is not ours: seconds saved a change."""

import importlib
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.mutants.scope import ROOT

HUNG = -1
# Nothing that asks for settings: those are ours, and ours must be read anew in each fork.
LOADED = """pytest xdist hypothesis hypothesis.strategies time_machine psycopg.adapt django.db.models
django.db.backends.postgresql.base django.template django.forms django.http django.test celery redis valkey httpx
aiohttp structlog
babel.numbers cryptography.fernet eth_abi eth_keys eth_utils orjson simplejson segno pydantic coincurve"""


def load() -> None:
    for name in LOADED.split():
        with suppress(ImportError):  # left out, it is only slower
            importlib.import_module(name)


def run(arguments: list[str], *, environment: dict[str, str], folder: Path, seconds: float) -> int:
    """pytest's exit code, of a process group of its own, which ends with it; of a run that hangs, HUNG."""
    child = os.fork()
    if child == 0:
        _become_pytest(arguments, environment, folder)
    ends = time.monotonic() + seconds
    done, status = 0, 1 << 8
    while not done and time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not done:
        os.waitpid(child, 0)
        return HUNG
    return os.waitstatus_to_exitcode(status)


def _become_pytest(arguments: list[str], environment: dict[str, str], folder: Path) -> None:
    os.setpgrp()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if Path(file).is_relative_to(ROOT) and ".venv" not in file:  # ours, of the tree that is not changed
            del sys.modules[name]
    sys.path[:] = [str(folder), *(place for place in sys.path if place not in {"", str(ROOT)})]
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    code = 1
    try:
        code = int(importlib.import_module("pytest").main(arguments))
    finally:
        os._exit(code)
