"""docs/security.md names a test for each threat: each of them exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROWS = [
    line.strip("|").split("|")
    for line in (ROOT / "docs/security.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| threat")
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip()[:60])
def test_a_threat_names_a_test_that_is_there(row: list[str]) -> None:
    _threat, _what_holds, tests = row
    named = re.findall(r"`([^`]+)`", tests)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_table_is_found() -> None:
    assert len(ROWS) > 30
