"""Tables of the docs that repeat words of the code have all of them."""

import re
from pathlib import Path

from tests.api.test_key_scopes import NEEDED
from webhooks_app.problems import Problem

DOCS = Path(__file__).parents[2] / "docs"


def rows(page: str, head: str) -> dict[str, str]:
    """A table's rows by their first cell; the table whose head begins so."""
    text = (DOCS / page).read_text(encoding="utf-8").partition(f"| {head} |")[2].partition("\n\n")[0]
    return dict(line.strip("| ").split(" | ", 1) for line in text.splitlines()[2:])


def test_each_problem_of_a_delivery_is_explained() -> None:
    told = [word for first in rows("webhooks.md", "problem") for word in re.findall(r"`(\w+)`", first)]
    assert sorted(told) == sorted(Problem)


def test_each_call_that_decides_stands_with_its_scope() -> None:
    told = set(re.findall(r"`([^`]+)`", rows("api.md", "scope")["`decide`"]))
    needed = {f"/{path}".replace("<str:pk>", "{id}") for (_, path), scope in NEEDED.items() if scope == "decide"}
    assert told == needed
