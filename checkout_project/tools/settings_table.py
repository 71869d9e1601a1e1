"""Writes the tables of docs/configuration.md anew:

    python -m checkout_project.tools.settings_table

what each variable means from `checkout_project/variables.py`, its default from where `settings.py` reads it.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

from checkout_project import env
from checkout_project.variables import VARIABLES, Variable

DOCS = Path(__file__).resolve().parents[2] / "docs/configuration.md"
_HEAD = "| variable | default | meaning |\n|---|---|---|\n"
# What is required has to be there for the settings to be read at all.
_REQUIRED = {
    "SECRET_KEY": "x" * 32,
    "ENCRYPTION_KEYS": "x" * 43 + "=",
    "DATABASE_URL": "postgresql://host/name",
    "REDIS_URL": "redis://host",
}


def written(docs: str) -> str:
    """The page with its tables as they should be. To be called once the settings were read."""
    for heading, variables in VARIABLES.items():
        begin = docs.index("| variable |", docs.index(f"\n## {heading}\n"))
        end = docs.index("\n\n", begin) + 1
        docs = docs[:begin] + _HEAD + "".join(map(_row, variables)) + docs[end:]
    return docs


def _row(variable: Variable) -> str:
    secret = " *(secret)*" if variable.is_secret else ""
    return f"| `{variable.name}`{secret} | {variable.shown or _default(variable.name)} | {variable.meaning} |\n"


def _default(name: str) -> str:
    default = env.DEFAULTS[name]
    return "required" if default is None else f"`{default}`" if default else "none"


def main() -> int:
    """Reads the settings and writes the page."""
    for name, value in _REQUIRED.items():
        os.environ.setdefault(name, value)
    import_module("checkout_project.settings")
    DOCS.write_text(written(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
