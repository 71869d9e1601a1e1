"""`make mutants SEED=7 N=150`: makes N random changes for the worse, one at a time, and asks the tests that reach them.

The changes are chosen by the seed; each is made in a copy of the tree, on a database of its own. Prints what lived; the
last line is `noticed X of Y that have an effect`. docs/own-tests.md says how to read it.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.mutants.asking import Known, tests_for
from tests.mutants.operators import Change, changes_of
from tests.mutants.scope import ROOT, SCOPE, files
from tests.services import prepare_environment

HERE = Path(__file__).parent
WITHOUT_EFFECT = tomllib.loads((HERE / "without_effect.toml").read_text(encoding="utf-8"))["change"]
BUDGET_SECONDS = float(os.environ.get("BUDGET", "40"))  # of tests a change, by how long they took unchanged
NOTHING = Change(0, 0, "", "nothing")
# Run with nothing changed first: without a database, and with one.
UNCHANGED = ["tests/common/test_money.py", "tests/test_said_once.py"]
HUNG = -1


def choose(seed: int, number: int, *, only: str, again: str) -> list[tuple[Path, Change]]:
    """So many changes, the same for the same seed and tree; or only those that a former run's report says lived."""
    pool = [(path, change) for path in files() for change in changes_of(path)]
    if again:
        report = Path(again).read_text(encoding="utf-8")
        lived = set(re.findall(r"LIVED: (.+):\d+ .*\n  - (.*)\n  \+ (.*)", report))
        return [each for each in pool if described(*each) in lived]
    random.Random(seed).shuffle(pool)
    return [each for each in pool[:number] if re.search(only, str(each[0]))]


def described(path: Path, change: Change) -> tuple[str, str, str]:
    """The file, and the lines that the change touches, before and after, white space folded."""
    source = path.read_bytes()
    first, last = source.rfind(b"\n", 0, change.start) + 1, source.find(b"\n", change.end)
    after = source[first : change.start] + change.text.encode() + source[change.end : last]
    return str(path.relative_to(ROOT)), *(" ".join(each.decode().split()) for each in (source[first:last], after))


def copy_of_tree(folder: Path) -> Path:
    """What git tracks, as it is in the working tree; installed packages stay where they are."""
    folder.mkdir()
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    subprocess.run(["cp", "--parents", "--target-directory", folder, *names.split("\0")[:-1]], cwd=ROOT, check=True)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"drop database if exists mutants_{folder.name}")
        connection.execute(f"create database mutants_{folder.name}")
    return folder


def run_tests(folder: Path, *arguments: str, seconds: float | None = None, **environment: str) -> int:
    """pytest's exit code, of a process group that ends with it; HUNG when it takes longer."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with subprocess.Popen(command, cwd=folder, env=os.environ | environment, **silent) as running:
        try:
            return running.wait(seconds)
        except subprocess.TimeoutExpired:
            return HUNG
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)


def tried(copies: "SimpleQueue[Path]", path: Path, change: Change, tests: list[str]) -> int:
    """The exit code with the change made in a free copy, on a fresh database: 0 when none of the tests notices it."""
    copy, server = copies.get(), os.environ["DATABASE_URL"]
    file = copy / path.relative_to(ROOT)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database if exists test_mutants_{copy.name} with (force)")  # of a run that hung
    own = {
        "DATABASE_URL": urlsplit(server)._replace(path=f"/mutants_{copy.name}").geturl(),
        "PYTEST_XDIST_WORKER": f"gw{copy.name}",
    }
    source = file.read_bytes()
    file.write_bytes(change.made_in(source))
    run = partial(run_tests, copy, "-x", seconds=4 * BUDGET_SECONDS + 60, **own)
    try:
        code = run(*tests)
        if code == pytest.ExitCode.USAGE_ERROR:  # one case less in a table: that nobody would notice
            tests = sorted({test.split("[")[0] for test in tests})
            code = run(*tests)
        return run(*tests) if code == HUNG else code  # once more: the machine may have been busy
    finally:
        file.write_bytes(source)
        copies.put(copy)


def reach(copy: Path) -> dict[str, Known]:
    """By test, which lines it runs and how long it takes: measured once for each state of the tree."""
    tests = [path for path in sorted((ROOT / "tests").rglob("*.py")) if HERE not in path.parents]
    state = sha256(b"".join(path.read_bytes() for path in tests + files())).hexdigest()
    kept = Path(tempfile.gettempdir()) / f"tallystick-reach-{state[:16]}.json"
    if not kept.exists():
        print("Measuring which tests reach which lines (once for this state of the tree) …", flush=True)
        skipped = [f"--ignore={name}" for name in SCOPE["tests"]["not_asked"]]
        with tempfile.TemporaryDirectory() as notes:
            options = ["-p", "tests.mutants.reach", "-n", "logical", "--dist", "loadfile", *skipped]
            run_tests(copy, *options, "tests", MUTANTS_REACH=notes)
            parts = [json.loads(note.read_text(encoding="utf-8")) for note in Path(notes).iterdir()]
        found = {test: known for part in parts for test, known in part.items()}
        if not found:
            raise SystemExit("Nothing was measured: no test was run.")
        kept.write_text(json.dumps(found), encoding="utf-8")
    return dict(json.loads(kept.read_text(encoding="utf-8")))


def report(chosen: list[tuple[Path, Change]], codes: Iterable[int]) -> None:
    harmless = {(each["file"], each["before"], each["after"]) for each in WITHOUT_EFFECT}
    effective = noticed = 0
    for number, ((path, change), code) in enumerate(zip(chosen, codes, strict=True), 1):
        where, before, after = described(path, change)
        has_effect = bool(code) or (where, before, after) not in harmless
        effective += has_effect
        noticed += bool(code)
        if code in {0, HUNG}:
            line = path.read_bytes().count(b"\n", 0, change.start) + 1
            word = "hung (counts as noticed)" if code else "LIVED" if has_effect else "no effect"
            print(f"{word}: {where}:{line} {change.kind}\n  - {before}\n  + {after}", flush=True)
        if number % 25 == 0:
            print(f"{number} of {len(chosen)} tried, noticed {noticed} of {effective} so far", flush=True)
    print(f"noticed {noticed} of {effective} that have an effect")


def judge(seed: int, number: int, folder: Path) -> None:
    copies = SimpleQueue[Path]()
    for name in map(str, range(os.cpu_count() or 1)):
        copies.put(copy_of_tree(folder / name))
    known = reach(folder / "0")
    if tried(copies, ROOT / "Makefile", NOTHING, [*SCOPE["tests"]["always"], *UNCHANGED]):
        raise SystemExit("The tests fail without any change: nothing that they say of one would mean anything.")
    chosen = choose(seed, number, only=os.environ.get("ONLY", ""), again=os.environ.get("AGAIN", ""))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        report(chosen, pool.map(lambda each: tried(copies, *each, tests_for(*each, known, BUDGET_SECONDS)), chosen))


if __name__ == "__main__":
    services = prepare_environment()
    services.start()
    try:
        with tempfile.TemporaryDirectory(prefix="tallystick-mutants-") as name:
            judge(int(os.environ.get("SEED", "7")), int(os.environ.get("N", "150")), Path(name))
    finally:
        services.stop()
