"""Style, types, templates, imports and migrations, checked with the tests: one command finds all there is to find."""

import shutil
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command

from checkout_project.tools.checks import ROOT, TOOLS, start


@pytest.mark.tool
@pytest.mark.parametrize("name", TOOLS)
def test_the_code_passes(name: str) -> None:
    process = start(TOOLS[name])
    said, _ = process.communicate()
    assert process.returncode == 0, said


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=3)


def test_the_settings_pass_djangos_checks() -> None:
    call_command("check", fail_level="WARNING")


def test_no_line_of_a_template_is_longer_than_160_columns() -> None:
    lines = {
        f"{path.name}:{number}": len(line)
        for path in (ROOT / "templates").rglob("*.html")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    }
    assert {place: length for place, length in lines.items() if length > 160} == {}


def test_every_module_whose_branches_are_counted_is_there() -> None:
    """Of a path that leads nowhere `make coverage` says nothing."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = settings["tool"]["coverage"]["report"]["include"]
    assert [path for path in named if not (ROOT / path).is_file()] == []


APPS = ("checkout_project", "sessions_app", "webhooks_app", "merchants_app", "chains_app", "common")
AGAINST_THE_LINE = [
    "import sessions_app.b",
    "def f():\n    from chains_app import b",
    "import typing\nif typing.TYPE_CHECKING:\n    from webhooks_app.b import B",
]


def lint_imports(contract: str, *, folder: Path) -> tuple[int, str]:
    """One contract of pyproject.toml, in another tree."""
    options = ["--no-cache", "--config", str(ROOT / "pyproject.toml"), "--contract", contract]
    process = start([*TOOLS["import-linter"], *options], folder=folder)
    said, _ = process.communicate()
    return process.returncode, said


@pytest.mark.parametrize("line", AGAINST_THE_LINE)
def test_an_import_against_the_line_of_apps_is_found(line: str, tmp_path: Path) -> None:
    for app in APPS:
        (tmp_path / app).mkdir()
        (tmp_path / app / "__init__.py").touch()
        (tmp_path / app / "b.py").write_text("class B: ...", encoding="utf-8")
    (tmp_path / "common" / "a.py").write_text(line, encoding="utf-8")
    code, said = lint_imports("apps", folder=tmp_path)
    assert (code, "common.a -> " in said) == (1, True)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("state/odd.py", "from sessions_app.paying import quoting", "sessions_app.state.odd -> "),
        ("elsewhere/__init__.py", "", "elsewhere"),
    ],
)
def test_a_folder_against_its_order_or_without_a_place_is_found(
    name: str, text: str, found: str, tmp_path: Path
) -> None:
    for app in APPS:
        shutil.copytree(ROOT / app, tmp_path / app, ignore=shutil.ignore_patterns("__pycache__", "contracts"))
    (tmp_path / "sessions_app" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "sessions_app" / name).write_text(text, encoding="utf-8")
    code, said = lint_imports("sessions_app", folder=tmp_path)
    assert (code, found in said) == (1, True)
