"""The table of docs/benchmarks.md, as benchmarks that are kept one by one write it."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.__main__ import ALL
from bench.tools.figures import Figure
from bench.tools.table import keep, lines_of

GUIDE = Path(__file__).resolve().parents[1] / "docs/benchmarks.md"
ORDER = ["api", "way", "export"]
HERE = "A machine, 2 cores. Python 3, PostgreSQL 15."
HEAD = "| benchmark | figure | median | ratio | goal |  | measured |\n|---|---|---|---|---|---|---|\n"
API = "| api | create | 812 a second | 0.64 of a bare view | ≥ 0.60 | met | Monday |\n"
EXPORT = "| export | rows | 20,000 a second |  |  |  | Tuesday |\n"


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    """A page with its heading, and nothing below."""
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\nWhy.\n\n## The last figures\n", encoding="utf-8")
    return page


def keep_api(guide: Path, *, about: str = HERE, value: float = 812, measured: str = "Monday") -> None:
    figure = Figure(
        name="create", value=value, runs=3, unit="a second", ratio=0.64, floor="a bare view", goal="≥ 0.60", met=True
    )
    keep(about, lines_of("api", [figure], 0, measured), order=ORDER, guide=guide)


def keep_export(guide: Path) -> None:
    figure = Figure(name="rows", value=20_000, runs=1, unit="a second")
    keep(HERE, lines_of("export", [figure], 0, "Tuesday"), order=ORDER, guide=guide)


def table(guide: Path) -> str:
    before, _, below = guide.read_text(encoding="utf-8").partition("## The last figures\n")
    assert before == "# Benchmarks\n\nWhy.\n\n"
    return below


def test_the_guide_explains_each_benchmark() -> None:
    explained = re.findall(r"^(?:- )?\*\*(\w+)\*\*", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(explained) == sorted(ALL)


def test_whatever_they_import_is_installed() -> None:
    named = {
        name.partition(".")[0]
        for path in (GUIDE.parents[1] / "bench").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom)
            else [each.name for each in node.names] if isinstance(node, ast.Import) else []
        )
    }  # fmt: skip
    assert len(named) > 20
    assert {name for name in named if find_spec(name) is None} == set()


def test_each_benchmark_keeps_its_lines_in_the_order_of_all(guide: Path) -> None:
    keep_export(guide)
    keep_api(guide)
    assert table(guide) == f"\n{HERE}\n\n{HEAD}{API}{EXPORT}"


def test_one_that_runs_again_replaces_its_own_lines_only(guide: Path) -> None:
    keep_api(guide)
    keep_export(guide)
    keep_api(guide, value=900, measured="Wednesday, with `--seconds 1`")
    again = API.replace("812", "900").replace("Monday", "Wednesday, with `--seconds 1`")
    assert table(guide) == f"\n{HERE}\n\n{HEAD}{again}{EXPORT}"


def test_another_machine_begins_the_table_anew(guide: Path) -> None:
    keep_export(guide)
    keep_api(guide, about="Another machine.")
    assert table(guide) == f"\nAnother machine.\n\n{HEAD}{API}"


def test_a_benchmark_that_is_no_more_leaves_the_table(guide: Path) -> None:
    keep_api(guide)
    guide.write_text(guide.read_text(encoding="utf-8") + "| gone | x | 1 |  |  |  | Sunday |\n", encoding="utf-8")
    keep_export(guide)
    assert table(guide) == f"\n{HERE}\n\n{HEAD}{API}{EXPORT}"


@pytest.mark.parametrize(("code", "said"), [(0, "ok"), (1, "**ended with 1**"), (124, "**ended with 124**")])
def test_one_without_figures_says_how_it_ended(guide: Path, code: int, said: str) -> None:
    keep(HERE, lines_of("way", [], code, "Monday"), order=ORDER, guide=guide)
    assert table(guide).endswith(f"| way |  |  |  |  | {said} | Monday |\n")


def test_how_it_was_measured_stands_beside_the_first_of_its_figures_and_stays_there(guide: Path) -> None:
    figures = [Figure(name=name, value=1, runs=1, unit="s") for name in ("first", "second")]
    keep(HERE, lines_of("export", figures, 0, "Monday"), order=ORDER, guide=guide)
    keep_api(guide)
    assert table(guide).endswith("| export | first | 1 s |  |  |  | Monday |\n| export | second | 1 s |  |  |  |  |\n")


def test_a_goal_that_was_missed_is_told_once() -> None:
    missed = Figure(name="rows", value=1, runs=1, unit="a second", goal="≥ 2", met=False)
    assert [line[1:6] for line in lines_of("export", [missed], 1, "")] == [
        ("rows", "1 a second", "", "≥ 2", "**missed**")
    ]
