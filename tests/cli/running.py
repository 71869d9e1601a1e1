"""What it takes to run the command as it stands in this repository."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

CLI = Path(__file__).parents[2] / "cli"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CLI)}
Run = Callable[..., "subprocess.CompletedProcess[str]"]
