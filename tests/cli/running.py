"""What it takes to run the command as it stands in this repository."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

CLI = Path(__file__).parents[2] / "cli"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CLI)}


class Ended(NamedTuple):
    """How the command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ended]
