"""docs/architecture.md is true to the code: its files are there, and its tables are the code's."""

import re
import subprocess
from pathlib import Path

import pytest

from sessions_app.status import ALLOWED_MOVES, Issue, Status

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
FILES = {path for path in TRACKED if (ROOT / path).exists()}
NAMED = sorted(set(re.findall(r"`([\w/.-]+\.(?:py|toml|md|css))`", PAGE)))


@pytest.mark.parametrize("name", NAMED)
def test_a_file_that_it_names_is_there(name: str) -> None:
    assert any(path == name or path.endswith(f"/{name}") for path in FILES)


def test_it_answers_many_questions() -> None:
    assert len(NAMED) > 50


def test_its_moves_are_the_allowed_ones() -> None:
    rows = PAGE.partition("| from | to |")[2].partition("\n\n")[0].splitlines()[2:]
    statuses = {status.value for status in Status}
    moves = {
        start: set(re.findall(r"`(\w+)`", row.split("|")[2])) & statuses
        for row in rows
        for start in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert moves == {start.value: {goal.value for goal in goals} for start, goals in ALLOWED_MOVES.items()}


def test_every_issue_has_its_case() -> None:
    cases = PAGE.partition("| what happens | what follows |")[2].partition("\n\n")[0]
    assert set(re.findall(r"issue `(\w+)`", cases)) == {issue.value for issue in Issue}


def test_nothing_refers_to_a_document_outside_the_repository() -> None:
    outside = re.compile(r"\bDESIGN\b|\b(?:STYLE|FIELD|EXAMPLES)\.md|\bissue \d+\b")
    texts = [path for path in FILES if path.endswith((".py", ".md", ".toml", ".html", ".js", ".css"))]
    found = [path for path in texts if outside.search((ROOT / path).read_text(encoding="utf-8"))]
    assert set(found) <= {"tests/test_architecture_page.py"}
