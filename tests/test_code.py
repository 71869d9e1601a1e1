"""Style, types and migrations, checked with the tests so that one command finds all there is to find."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from checkout_project.running.audit import BANDIT

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], BANDIT],
    ids=["ruff", "format", "mypy", "bandit"],
)
def test_the_code_passes(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=3)


def test_the_settings_pass_djangos_checks() -> None:
    call_command("check", fail_level="WARNING")
