"""Every lock, claim and transaction in the apps' code is held by a test that is named for it."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.locks.cases import CASES, held_by_cases
from tests.locks.listing import locks_of
from tests.locks.table import ROWS
from tests.source_tree import SourceTree

ROOT = Path(__file__).parents[2]


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(each.name for each in tree.body if isinstance(each, ast.FunctionDef))


def test_each_lock_in_the_code_has_its_row_and_each_row_its_lock() -> None:
    found, held = locks_of(SourceTree(ROOT)), {*ROWS, *held_by_cases()}
    assert set(found) - held == set(), "write the race or the case first, then its row: tests/locks"
    assert held - set(found) == set(), "no such lock is in the code any more"
    assert len(found) > 70


def test_no_lock_is_held_twice_by_accident() -> None:
    assert not set(ROWS) & held_by_cases()


@pytest.mark.parametrize("test", sorted({test for tests in ROWS.values() for test in tests}))
def test_each_test_that_is_named_exists(test: str) -> None:
    file, name = test.split("::")
    assert name.startswith("test_")
    assert name in names_in(file)


def test_each_row_names_a_test() -> None:
    assert all(ROWS.values())
    assert CASES


def source(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "sessions_app").mkdir()
    (tmp_path / "sessions_app" / "new.py").write_text(text, encoding="utf-8")
    return locks_of(SourceTree(tmp_path))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("def f():\n    with transaction.atomic():\n        pass", "sessions_app.new.f: atomic"),
        ("def f():\n    with a, atomic(), b:\n        pass", "sessions_app.new.f: atomic"),
        ("@transaction.atomic\ndef f(): ...", "sessions_app.new.f: atomic"),
        ("@transaction.atomic(durable=True)\nasync def f(): ...", "sessions_app.new.f: atomic"),
        ("class A:\n    @atomic\n    def f(self): ...", "sessions_app.new.A.f: atomic"),
        (
            "def f():\n    def g():\n        rows.select_for_update(of=('self',))",
            "sessions_app.new.f.g: select_for_update",
        ),
        ("def f():\n    getattr(rows, 'x')('SELECT 1 FOR  NO KEY UPDATE')", "sessions_app.new.f: FOR UPDATE"),
        ("_SQL = f'SELECT {a} FOR KEY SHARE'", "sessions_app.new._SQL: FOR SHARE"),
        ("_SQL: str = 'SELECT pg_try_advisory_xact_lock(1)'", "sessions_app.new._SQL: advisory lock"),
        ("_SQL = ' '.join(['LOCK TABLE a'])", "sessions_app.new._SQL: LOCK TABLE"),
        ("def f():\n    return cache.add('a', 1, 60)", "sessions_app.new.f: claim"),
        ("def f(redis):\n    redis.lock('a', timeout=10)", "sessions_app.new.f: claim"),
    ],
)
def test_a_new_lock_is_found(tmp_path: Path, text: str, name: str) -> None:
    assert source(tmp_path, text) == [name]


def test_two_of_a_kind_in_one_function_are_two(tmp_path: Path) -> None:
    one = "    with transaction.atomic():\n        pass\n"
    assert source(tmp_path, f"def f():\n{one}{one}") == ["sessions_app.new.f: atomic", "sessions_app.new.f: atomic 2"]


def test_what_is_only_said_is_no_lock(tmp_path: Path) -> None:
    assert source(tmp_path, '"""FOR UPDATE."""\ndef f():\n    """FOR UPDATE SKIP LOCKED."""  # atomic') == []
