"""`tallystick trigger` plays a buyer on a running gateway."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.stack import Stack

CLI = Path(__file__).parents[2] / "cli"
MOST_SECONDS = 60


@pytest.mark.parametrize(
    ("scenario", "last_line"),
    [
        ("exact", "completed, paid"),
        ("short", "open, partial"),
        ("twice", "completed, overpaid, issue paid_twice"),
        ("wrong_asset", "open, unpaid, issue wrong_asset"),
        ("late_short", "expired, partial, issue late"),
        ("reorged", "completed, unpaid, issue reversed"),
    ],
)
def test_a_scenario_is_followed_to_its_end_and_no_longer(stack: Stack, scenario: str, last_line: str) -> None:
    wait = ["--wait", str(MOST_SECONDS)]
    command = [sys.executable, "-m", "tallystick.main", "--url", stack.url, "trigger", scenario, *wait]
    environment = os.environ | {"PYTHONPATH": str(CLI), "TALLYSTICK_API_KEY": stack.demo["api_key"]}
    started = time.monotonic()
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.rstrip().endswith(last_line)
    assert time.monotonic() - started < MOST_SECONDS
