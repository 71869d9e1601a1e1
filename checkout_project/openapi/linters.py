"""`make check`: what redocly and spectral say of the API's description, both at once; a warning is as bad as an error.

Their rules stand in redocly.yaml and .spectral.yaml.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import django

ROOT = Path(__file__).resolve().parents[2]
_TOOLS = {
    "redocly": ["lint", "--config=redocly.yaml"],
    "spectral": ["lint", "--ruleset=.spectral.yaml", "--fail-severity=warn", "--quiet"],
}
# They ask nobody, and tell nobody.
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def main() -> int:
    """How many of them complain; what they say is shown then."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    # Only now: it is made of views, which need the apps.
    from checkout_project.openapi.description import as_json  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.json"
        path.write_bytes(as_json())
        started = {name: _start(name, [*options, str(path)]) for name, options in _TOOLS.items()}
        said = {name: process.communicate()[0] for name, process in started.items()}
    wrong = [name for name, process in started.items() if process.returncode]
    for name in wrong:
        sys.stdout.write(f"{name}:\n{said[name]}\n")
    return len(wrong)


def _start(name: str, options: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  (one of two programs of ours)
        [str(ROOT / "node_modules/.bin" / name), *options],
        cwd=ROOT,
        env={**os.environ, **_QUIET},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


if __name__ == "__main__":
    sys.exit(main())
