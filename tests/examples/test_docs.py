"""Every recipe of the docs runs as it stands: a page's `bash` and `python` blocks, in order, on a real gateway."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import Stack

DOCS = Path(__file__).parents[2] / "docs"
CLI = Path(__file__).parents[2] / "cli"
_BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Inside a sentence, or in a block of its own.
_OUR_COMMAND = re.compile(r"(?:^    |`)(tallystick [^`\n]+)", re.MULTILINE)
PAGES = sorted(page.name for page in DOCS.glob("*.md") if _BLOCK.search(page.read_text(encoding="utf-8")))


def commands(page: str) -> list[list[str]]:
    """One command a language: blocks of one page may build on each other."""
    blocks = _BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
    interpreters = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
    return [
        [*command, "\n".join(code for language, code in blocks if language == name)]
        for name, command in interpreters.items()
        if any(language == name for language, _ in blocks)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_its_recipes_run(page: str, stack: Stack, tmp_path: Path) -> None:
    environment = os.environ | {"TALLYSTICK_URL": stack.url, "TALLYSTICK_API_KEY": stack.demo["api_key"]}
    for command in commands(page):
        run = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"


def test_there_are_recipes() -> None:
    documented = {
        "api.md",
        "configuration.md",
        "errors.md",
        "payment-links.md",
        "quick-start.md",
        "testing.md",
        "webhooks.md",
    }
    assert documented <= set(PAGES)


def test_the_tallystick_command_takes_what_the_docs_give_it() -> None:
    documented = {line for page in DOCS.glob("*.md") for line in _OUR_COMMAND.findall(page.read_text(encoding="utf-8"))}
    assert any("listen" in line for line in documented)
    code = "import sys, shlex; from tallystick.main import parser; "
    code += "[parser().parse_args(shlex.split(line)[1:]) for line in sys.argv[1:]]"
    subprocess.run([sys.executable, "-c", code, *documented], env=os.environ | {"PYTHONPATH": str(CLI)}, check=True)


def test_every_code_in_the_source_is_documented() -> None:
    documented = (DOCS / "errors.md").read_text(encoding="utf-8")
    sources = [DOCS.parent / "sessions_app/errors.py", DOCS.parent / "webhooks_app/errors.py"]
    codes = {
        code for source in sources for code in re.findall(r'^    code(?:, status)? = "(\w+)"', source.read_text(), re.M)
    }
    assert {code for code in codes if f"`{code}`" not in documented} == set()
