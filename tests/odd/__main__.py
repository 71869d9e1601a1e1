"""`make test-odd`: the suite's quick part once in each odd place and at each odd time; `ODD=kathmandu` for one of them.

Prints a line for each, and what failed. The clocks are libfaketime's, over pytest, PostgreSQL and Valkey alike. Nothing
of the system changes: the Turkish locale is made in a temporary folder. docs/own-tests.md says when to run it.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "odd", "common", "promises", "api", "merchants_app", "sessions_app", "webhooks_app", "chains_app", "locks",
    "strangers", "restoring",
)  # fmt: skip
# Nodes, whole senders and others' tools in processes of their own, that take long and are killed.
SLOW_FILES = ("test_chaos.py", "test_sender_outages.py", "test_schemathesis.py", "test_generated_client.py")
SLOW_WORDS = re.compile(r"\bAnvil\b|_on_anvil\b|\bnode_cast\b")
LOCALE = "tr_TR.UTF-8"


@dataclass(frozen=True)
class Odd:
    """Where, and when by the clock of that place; without a time it is now."""

    says: str
    zone: str = "UTC"
    begins: str | None = None  # local time at which pytest starts; its first test comes some 15 s later
    locale: str | None = None


ODDITIES = {
    "kathmandu": Odd("UTC+5:45, and Turkish letters", zone="Asia/Kathmandu", locale=LOCALE),
    "midnight": Odd("New Year comes in Auckland, not yet in UTC", "Pacific/Auckland", "2027-12-31 23:59:30"),
    "new-year": Odd("New Year comes in UTC", "UTC", "2027-12-31 23:59:30"),
    "leap-day": Odd("29 February comes", "UTC", "2028-02-28 23:59:30"),
    "summer": Odd("clocks are put forward in Berlin", "Europe/Berlin", "2028-03-26 01:59:40"),
    "winter": Odd("clocks are put back in Berlin", "Europe/Berlin", "2028-10-29 02:59:40"),
}


def quick_files() -> list[str]:
    """The test files that are run, relative to the root."""
    found = [path for folder in FOLDERS for path in sorted((ROOT / "tests" / folder).rglob("test_*.py"))]
    return [
        str(path.relative_to(ROOT))
        for path in found
        if path.name not in SLOW_FILES and not SLOW_WORDS.search(path.read_text(encoding="utf-8"))
    ]


def environment_of(odd: Odd, *, locales: Path) -> dict[str, str]:
    """What differs from ours. Django puts its own process to UTC; PGTZ makes the database's sessions as odd."""
    changed = {"TZ": odd.zone, "PGTZ": odd.zone}
    if odd.locale:
        changed |= {"LC_ALL": odd.locale, "LANG": odd.locale, "LOCPATH": str(locales)}
    if odd.begins:
        clock = str(Path(__file__).parent / "clock")
        changed["PYTHONPATH"] = os.pathsep.join(filter(None, [clock, os.environ.get("PYTHONPATH")]))
        changed["NO_FAKE_STAT"] = "1"  # else every compiled file would look outdated
        changed["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"  # clock/sitecustomize.py has more
    return changed


def under(odd: Odd, command: list[str]) -> list[str]:
    """The command, begun at the odd time: as a distance from the true one, so that all processes agree."""
    if odd.begins is None:
        return command
    begins = datetime.fromisoformat(odd.begins).replace(tzinfo=ZoneInfo(odd.zone)).timestamp()
    return ["faketime", "-m", "--exclude-monotonic", "-f", f"{begins - time.time():+.0f}", *command]


def prove(odd: Odd, environment: Mapping[str, str]) -> None:
    """Raises SystemExit when the oddity is not there: else it would pass for that reason."""
    lines = "import datetime, locale, time; now = datetime.datetime.now(); time.sleep(0.01); "
    lines += "locale.setlocale(locale.LC_ALL, ''); print(now.isoformat(' ')[:15], locale.getlocale()[0], time.tzname)"
    done = subprocess.run(
        under(odd, [sys.executable, "-c", lines]), env=environment, capture_output=True, text=True, check=False
    )
    wanted = [(odd.begins or "")[:15], (odd.locale or "").partition(".")[0]]
    if done.returncode != 0 or not all(each in done.stdout for each in wanted):
        raise SystemExit(f"It is not odd here; wanted {wanted}, found: {done.stdout}{done.stderr[-500:]}")


def make_locale(folder: Path) -> None:
    """Raises SystemExit with what to install."""
    command = ["localedef", "-i", "tr_TR", "-f", "UTF-8", "--no-archive", str(folder / LOCALE)]
    try:
        made = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        raise SystemExit(
            "The Turkish locale cannot be made: install the definitions (Debian: apt-get install locales)."
        )


def run(name: str, *, locales: Path, pytest: list[str]) -> bool:
    """Prints its line; whether all passed."""
    odd = ODDITIES[name]
    environment = os.environ | environment_of(odd, locales=locales)
    prove(odd, environment)
    started = time.monotonic()
    command = under(odd, [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *pytest])
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.splitlines() or ["nothing was run"]
    if done.returncode != 0:
        print(done.stdout)
    result = "the same" if done.returncode == 0 else "DIFFERENT"
    print(f"{name:10} {odd.says}: {result} ({lines[-1].strip('= ')}; {time.monotonic() - started:.0f} s)", flush=True)
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    """arguments: pytest's, when others than the quick files are wanted."""
    asked = os.environ.get("ODD", "").split() or list(ODDITIES)
    if unknown := set(asked) - ODDITIES.keys():
        print(f"ODD is one of {', '.join(ODDITIES)}; not {', '.join(sorted(unknown))}.")
        return 2
    pytest = arguments
    if not [each for each in arguments if not each.startswith("-") and ".py" in each]:
        pytest = [*arguments, *quick_files()]
    with tempfile.TemporaryDirectory(prefix="tallystick-odd-") as folder:
        if any(ODDITIES[name].locale for name in asked):
            make_locale(Path(folder))
        passed = [run(name, locales=Path(folder), pytest=pytest) for name in asked]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
