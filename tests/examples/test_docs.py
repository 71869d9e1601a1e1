"""Every recipe of the docs runs as it stands: a page's blocks of each language, in order, on a real gateway.

What an operator types on a machine of their own is a block of `sh`, and not run here. Node comes with `make test`; PHP
runs where it is installed (Debian: php-cli, php-curl), and is passed by elsewhere.
"""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stack import Stack

DOCS = Path(__file__).parents[2] / "docs"
CLI = Path(__file__).parents[2] / "cli"
_BLOCK = re.compile(r"^```(bash|python|js|php)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INTERPRETERS = {
    "bash": ["bash", "-euo", "pipefail", "-c"],
    "python": [sys.executable, "-c"],
    "js": ["node", "--input-type=module", "--eval"],
    "php": ["php", "-d", "error_reporting=-1", "-d", "display_errors=stderr", "-r"],
}
# Inside a sentence, or in a block of its own.
_OUR_COMMAND = re.compile(r"(?:^    |`)(tallystick [^`\n]+)", re.MULTILINE)
AT_ONCE = 6
PAGES = sorted(page.name for page in DOCS.glob("*.md") if _BLOCK.search(page.read_text(encoding="utf-8")))


def commands(page: str) -> list[list[str]]:
    """One command a language: blocks of one page may build on each other."""
    blocks = _BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
    return [
        [*command, "\n".join(code for language, code in blocks if language == name)]
        for name, command in INTERPRETERS.items()
        if any(language == name for language, _ in blocks) and shutil.which(command[0])
    ]


@pytest.fixture(scope="module")
def ended(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[int, str]]]:
    """How each page's languages ended, and what they said. Some at once: most of the time they wait for the chain."""
    environment = os.environ | {"TALLYSTICK_URL": stack.url, "TALLYSTICK_API_KEY": stack.demo["api_key"]}

    folder = tmp_path_factory.mktemp("recipes")

    def run(command: list[str]) -> tuple[int, str]:
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
        return done.returncode, f"{command[0]}:\n{done.stdout}\n{done.stderr}"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = {page: [pool.submit(run, command) for command in commands(page)] for page in PAGES}
        return {page: [each.result() for each in of_page] for page, of_page in waiting.items()}


@pytest.mark.parametrize("page", PAGES)
def test_its_recipes_run(page: str, ended: dict[str, list[tuple[int, str]]]) -> None:
    assert [said for code, said in ended[page] if code != 0] == []


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
