"""The tester of the tests: whom it asks about a change (`make mutants`)."""

from tests.mutants import asking
from tests.mutants.operators import changes_of
from tests.mutants.scope import files


def test_about_a_table_that_no_line_of_code_is_in_those_are_asked_who_always_are() -> None:
    [table] = [path for path in files() if path.suffix == ".toml"]
    change = next(changes_of(table))
    assert asking.tests_for(table, change, {}, seconds=40) == ["tests/promises"]
