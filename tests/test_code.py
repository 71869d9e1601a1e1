"""Style, types, templates, imports and migrations, checked with the tests: one command finds all there is to find."""

from pathlib import Path

import pytest
from django.core.management import call_command

from checkout_project.running.checks import ROOT, TOOLS, start


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


AGAINST_THE_LINE = [
    "import sessions_app.b",
    "def f():\n    from chains_app import b",
    "import typing\nif typing.TYPE_CHECKING:\n    from webhooks_app.b import B",
]


@pytest.mark.parametrize("line", AGAINST_THE_LINE)
def test_an_import_against_the_line_of_apps_is_found(line: str, tmp_path: Path) -> None:
    for app in ("checkout_project", "sessions_app", "webhooks_app", "merchants_app", "chains_app", "common"):
        (tmp_path / app).mkdir()
        (tmp_path / app / "__init__.py").touch()
        (tmp_path / app / "b.py").write_text("class B: ...", encoding="utf-8")
    (tmp_path / "common" / "a.py").write_text(line, encoding="utf-8")
    process = start([*TOOLS["import-linter"], "--no-cache", "--config", str(ROOT / "pyproject.toml")], folder=tmp_path)
    said, _ = process.communicate()
    assert process.returncode == 1
    assert "common.a -> " in said
