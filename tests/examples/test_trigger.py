"""`tallystick trigger` plays a buyer on a running gateway."""

import os
import subprocess
import sys
from pathlib import Path

from tests.stack import Stack

CLI = Path(__file__).parents[2] / "cli"


def test_a_scenario_is_followed_to_its_end(stack: Stack) -> None:
    command = [sys.executable, "-m", "tallystick.main", "--url", stack.url, "trigger", "exact", "--wait", "30"]
    environment = os.environ | {"PYTHONPATH": str(CLI), "TALLYSTICK_API_KEY": stack.demo["api_key"]}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert "open, unpaid" in run.stdout
    assert "completed, paid" in run.stdout
