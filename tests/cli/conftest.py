"""The command, with Mia's key, before a running server."""

import subprocess
import sys
from typing import Any

import pytest

from tests.cli.running import ENVIRONMENT, Run


@pytest.fixture
def command(transactional_db: None, live_server: Any, mia_key: str) -> list[str]:
    return [sys.executable, "-m", "tallystick.main", "--url", live_server.url, "--api-key", mia_key]


@pytest.fixture
def tallystick(command: list[str]) -> Run:
    """Runs the command to its end."""

    def run(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*command, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False, **options
        )

    return run
