"""The lists of packages and their lock files say the same, and the audit is no all-clear where nothing was checked."""

import json
import re
from pathlib import Path

import pytest

from checkout_project.tools import audit
from checkout_project.tools.lock import LOCKS

ROOT = Path(__file__).parents[2]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def listed(name: str) -> dict[str, str]:
    """Package → version, by one way of writing names (PEP 503); without what only other Pythons and systems need."""
    found: dict[str, str] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found |= listed(line[3:])
        elif (pin := _PIN.match(line)) and ";" not in line.partition("#")[0]:
            found[re.sub(r"[-_.]+", "-", pin[1]).lower()] = pin[2]
    return found


@pytest.mark.parametrize(("wanted", "lock"), LOCKS.items())
def test_list_and_lock_say_the_same(wanted: str, lock: str) -> None:
    assert listed(wanted) == listed(lock)
    assert not re.search(r"https?://|file:|@ ", (ROOT / lock).read_text(encoding="utf-8"))


@pytest.mark.parametrize("lock", LOCKS.values())
def test_every_locked_package_has_hashes(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip())
    assert [block.splitlines()[0] for block in blocks if "==" in block and not _HASH.search(block)] == []
    assert sum("==" in block for block in blocks) > 60


def answer(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


FINE = {"name": "fine", "version": "1.0", "vulns": []}
SKIPPED = {"name": "unknown", "skip_reason": "Dependency not found on PyPI"}
BAD = {"name": "bad", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}


@pytest.mark.parametrize(
    ("given", "complaint", "found", "expected"),
    [
        (answer(FINE), "", False, "no known vulnerability in 1 packages."),
        (answer(FINE, SKIPPED), "", False, "It knows nothing of unknown."),
        (answer(BAD, SKIPPED), "", True, "bad 1.0: PYSEC-1, mended in 1.1"),
        (answer(SKIPPED), "", False, "NOT CHECKED"),
        ("", "Traceback …\nConnectionError: no route\n", False, "NOT CHECKED, the advisory service cannot be reached"),
    ],
)
def test_what_the_audit_makes_of_an_answer(given: str, complaint: str, found: bool, expected: str) -> None:
    assert audit.judge(given, complaint)[0] is found
    assert expected in audit.judge(given, complaint)[1]
