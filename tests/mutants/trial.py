"""One change after the other, tried in a process that has a copy of the tree and a database of its own."""

import os
import subprocess
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.mutants import warm
from tests.mutants.operators import Change
from tests.mutants.scope import ROOT

OPTIONS = ["-q", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
_mine: dict[str, str] = {}


def copy_of_tree(folder: Path) -> None:
    """What git tracks, as it is in the working tree; installed packages stay where they are."""
    folder.mkdir()
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "cf", folder / "tree.tar", "--null", "-T", "-"], cwd=ROOT, input=names, check=True)
    subprocess.run(["tar", "xf", "tree.tar"], cwd=folder, check=True)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")


def begin(names: "SimpleQueue[str]", folder: Path) -> None:
    """Of this process: `folder/name` has its copy of the tree; its tests' database is called after `mutants_name`."""
    warm.load()
    name = names.get()
    _mine.update(name=name, folder=str(folder / name))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"create database mutants_{name}")


def run(tests: list[str], seconds: float) -> int:
    """pytest's exit code on a fresh database; `warm.HUNG` when it takes longer."""
    server, database = os.environ["DATABASE_URL"], f"mutants_{_mine['name']}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database if exists test_{database} with (force)")  # of a run that hung
    url = urlsplit(server)._replace(path=f"/{database}").geturl()
    environment = os.environ | {"DATABASE_URL": url, "PYTEST_XDIST_WORKER": f"gw{_mine['name']}"}
    asked = [*OPTIONS, "-x", *tests]
    return warm.run(asked, environment=environment, folder=Path(_mine["folder"]), seconds=seconds)


def changed(where: str, change: Change, tests: list[str], seconds: float) -> int:
    """The same with the change made: 0 when none of the tests notices it."""
    copy = Path(_mine["folder"]) / where
    source = copy.read_text(encoding="utf-8")
    copy.write_text(change.made_in(source), encoding="utf-8")
    try:
        return run(tests, seconds)
    finally:
        copy.write_text(source, encoding="utf-8")
