"""The command, with Mia's key, before a running server."""

import importlib
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

import pytest

from tests.cli.running import CLI, Ended, Run


@pytest.fixture
def command(transactional_db: None, live_server: Any, mia_key: str) -> list[str]:
    """As a process of its own."""
    return [sys.executable, "-m", "tallystick.main", "--url", live_server.url, "--api-key", mia_key]


@pytest.fixture
def tallystick(command: list[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command to its end, within this process: each of its own would first import for half a second."""
    monkeypatch.syspath_prepend(CLI)
    program = importlib.import_module("tallystick.main")

    def run(*arguments: str) -> Ended:
        with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as complained:
            try:
                code = program.run([*command[3:], *arguments])
            except SystemExit as end:  # argparse's, and the doctor's
                code = end.code
        return Ended(code, said.getvalue(), complained.getvalue())

    return run
