"""The Procfile: how each process of an installation is started, said once for images, services and tests.

python -m checkout_project.processes web
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent


def commands(root: Path = ROOT) -> dict[str, str]:
    """By name, each as a line for a shell. root: where the code of another version lies."""
    lines = (root / "Procfile").read_text(encoding="utf-8").splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


def main() -> NoReturn:
    """Becomes the process that is named."""
    known = commands()
    if len(sys.argv) != 2 or sys.argv[1] not in known:
        sys.exit(f"Name one of {', '.join(known)}.")
    os.chdir(ROOT)
    # Programs of the Python that runs this come first.
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH") or os.defpath]
    os.execve("/bin/sh", ["sh", "-c", known[sys.argv[1]]], os.environ | {"PATH": os.pathsep.join(folders)})  # noqa: S606  (a line of ours)


if __name__ == "__main__":
    main()
