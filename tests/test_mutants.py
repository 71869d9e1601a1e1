"""The tester of the tests: what it changes, and whom it asks about a change (`make mutants`)."""

from pathlib import Path

import pytest

from tests.mutants import asking
from tests.mutants.operators import changes_of
from tests.mutants.scope import files


@pytest.mark.parametrize(
    ("line", "worse"),
    [
        ("_refuse_token(address, mode)", {"pass", "_refuse_token(mode, address)"}),
        ("_log.warning('away')", set()),
        ("client = Session(timeout=LIMITS)", {"client = Session()"}),
        ("last = own.order_by('-at')[0]", {"last = own.order_by('at')[0]", "last = own.order_by('-at')[1]"}),
        ("old = rows.filter(at__gte=day)", {"old = rows.filter(at__gt=day)", "old = rows.filter()"}),
        ("most = max(one, other)", {"most = min(one, other)"}),
        ("rights = row(YES, YES)", set()),
        ("def ask(*, now): ...\nask(now=now)", {"def ask(*, now): ...\npass"}),
    ],
)  # fmt: skip
def test_what_becomes_of_a_line(tmp_path: Path, line: str, worse: set[str]) -> None:
    file = tmp_path / "rule.py"
    file.write_text(line, encoding="utf-8")
    assert {change.made_in(line.encode()).decode() for change in changes_of(file)} == worse


def test_about_a_table_that_no_line_of_code_is_in_those_are_asked_who_always_are() -> None:
    [table] = [path for path in files() if path.suffix == ".toml"]
    change = next(changes_of(table))
    assert asking.tests_for(table, change, {}, seconds=40) == ["tests/promises"]
