"""`make check`: each tool as itself, all at once; what one complains about is shown as it says it.

The same tools run in `make test`, one test each (tests/test_code.py).
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PYTHON = [sys.executable, "-m"]
# The slowest first: the rest runs beside it.
TOOLS: dict[str, list[str]] = {
    "openapi": [*_PYTHON, "checkout_project.openapi.linters"],
    "mypy": [*_PYTHON, "mypy"],
    "djlint": [*_PYTHON, "djlint", "--check", "templates"],
    "import-linter": [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"],
    "biome": [
        "node_modules/.bin/biome",
        "lint",
        "--error-on-warnings",
        "static",
        "tests",
        "chains_app",
        "checkout_project",
    ],
    "ruff": [*_PYTHON, "ruff", "check", "."],
    "ruff format": [*_PYTHON, "ruff", "format", "--check", "."],
}
_OURS = [*_PYTHON, "pytest", "-q", "tests/test_code.py", "tests/test_architecture.py", "-m", "not tool"]


def start(command: list[str], *, folder: Path = ROOT) -> subprocess.Popen[str]:
    """Begins it there; it writes as to a screen of 160 columns."""
    env = {**os.environ, "COLUMNS": "160"}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def main() -> int:
    """All of them, and our own tests of the code; 1 when any complains, with its words at the end."""
    begun = time.monotonic()
    running = {name: start(command) for name, command in {"tests of the code": _OURS, **TOOLS}.items()}
    complaints = []
    for name, process in running.items():
        said, _ = process.communicate()
        print(f"{name}: {'fine' if process.returncode == 0 else 'NOT FINE'}", flush=True)
        if process.returncode:
            complaints.append(f"\n── {name} ──\n{said.rstrip()}")
    print("\n".join(complaints) or f"All fine in {time.monotonic() - begun:.0f} s.", flush=True)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
