"""`make lock`: writes the lock files, with the hashes of every file that the index has of each pinned package.

`requirements*.txt` say what is used and why; `requirements*.lock` say which files may be installed for that, on any
platform and Python that they were published for.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {
    f"requirements{whom}.txt": f"requirements{whom}.lock"
    for whom in ("", "-run", "-dev")  # the image, `make run`, `make test`: each has all of the one before
}
# What only `make contracts` installs, and what operators add for traces: of their needs nothing is named one by one.
TOOL_LOCKS = {f"requirements-{whom}.txt": f"requirements-{whom}.lock" for whom in ("contracts", "observability")}
_UV = [
    "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate",
    "--no-header", "--no-emit-index-url",
]  # fmt: skip


def main() -> None:
    """All. Versions come from the lists; only what a list does not name (other platforms' needs) is chosen anew."""
    for wanted, lock in (LOCKS | TOOL_LOCKS).items():
        subprocess.run([sys.executable, "-m", *_UV, wanted, "--output-file", lock], cwd=ROOT, check=True)
        path = ROOT / lock
        text = f"# Made from {wanted} by `make lock`: do not edit.\n{path.read_text(encoding='utf-8')}"
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
