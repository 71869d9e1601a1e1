"""`make mutants SEED=7 N=150`: makes N random changes for the worse, one at a time, and asks the tests that reach them.

The changes are chosen by the seed; each is made in a copy of the tree, on a database restored from a template. Prints
what lived; the last line is `noticed X of Y that have an effect`. docs/own-tests.md says how to read it.
"""

import ast
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tests.mutants.asking import Known, tests_for
from tests.mutants.operators import Change, changes_of_python, changes_of_toml
from tests.mutants.scope import ROOT, SCOPE, files
from tests.mutants.trial import OPTIONS, begin, changed, copy_of_tree, run
from tests.mutants.warm import HUNG
from tests.services import prepare_environment

HERE = Path(__file__).parent
WITHOUT_EFFECT = tomllib.loads((HERE / "without_effect.toml").read_text(encoding="utf-8"))["change"]
# Run first, as every change is tried: without a database, and with one.
UNCHANGED = ("tests/common/test_money.py", "tests/test_said_once.py")
BUDGET_SECONDS = float(os.environ.get("BUDGET", "40"))  # of tests a change, by how long they took unchanged


def changes_of(path: Path) -> Iterator[Change]:
    """Of every kind, wherever one could be made."""
    source = path.read_text(encoding="utf-8")
    return changes_of_toml(source) if path.suffix == ".toml" else changes_of_python(source)


def can_be_loaded(path: Path, change: Change) -> bool:
    """Whether the file still can, with the change: any test would notice if not."""
    if path.suffix == ".py":
        try:
            ast.parse(change.made_in(path.read_text(encoding="utf-8")))
        except SyntaxError:
            return False
    return True


def choose(seed: int, number: int, *, again: str) -> list[tuple[Path, Change]]:
    """So many changes, the same for the same seed and tree; or only those that a former run's report says lived."""
    pool = [(path, change) for path in files() for change in changes_of(path)]
    if again:
        report = Path(again).read_text(encoding="utf-8")
        lived = set(re.findall(r"LIVED: (.+):\d+ .*\n  - (.*)\n  \+ (.*)", report))
        return [each for each in pool if described(*each) in lived and can_be_loaded(*each)]
    random.Random(seed).shuffle(pool)
    chosen = islice((each for each in pool if can_be_loaded(*each)), number)
    return [each for each in chosen if re.search(os.environ.get("ONLY", ""), str(each[0]))]


def described(path: Path, change: Change) -> tuple[str, str, str]:
    """The file, and the lines that the change touches, before and after, white space folded."""
    source = path.read_text(encoding="utf-8")
    first, last = source.rfind("\n", 0, change.start) + 1, source.find("\n", change.end)
    after = source[first : change.start] + change.text + source[change.end : last]
    return str(path.relative_to(ROOT)), " ".join(source[first:last].split()), " ".join(after.split())


def run_tests(folder: Path, *arguments: str, **environment: str) -> None:
    """Runs pytest in a copy of the tree."""
    command = [sys.executable, "-m", "pytest", *OPTIONS, *arguments]
    subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, check=False)


def reach(folder: Path) -> dict[str, Known]:
    """By test, which lines it runs and how long it takes: measured once for each state of the tree."""
    tests = [path for path in sorted((ROOT / "tests").rglob("*.py")) if HERE not in path.parents]
    state = sha256(b"".join(path.read_bytes() for path in tests + files())).hexdigest()
    kept = Path(tempfile.gettempdir()) / f"tallystick-reach-{state[:16]}.json"
    if not kept.exists():
        print("Measuring which tests reach which lines (once for this state of the tree) …", flush=True)
        notes = folder / "notes"
        notes.mkdir()
        skipped = [f"--ignore={name}" for name in SCOPE["tests"]["not_asked"]]
        options = ["-p", "tests.mutants.reach", "-n", "logical", "--dist", "loadfile", *skipped]
        run_tests(folder / "0", *options, "tests", MUTANTS_REACH=str(notes))
        found: dict[str, Known] = {}
        for note in notes.glob("*.json"):
            found |= json.loads(note.read_text(encoding="utf-8"))
        kept.write_text(json.dumps(found), encoding="utf-8")
    return dict(json.loads(kept.read_text(encoding="utf-8")))


def judge(chosen: list[tuple[Path, Change]], folder: Path) -> None:
    workers = os.cpu_count() or 1
    context = get_context("spawn")
    names = context.SimpleQueue()
    for worker in map(str, range(workers)):
        copy_of_tree(folder / worker)
        names.put(worker)
    known = reach(folder)
    always, seconds = SCOPE["tests"]["always"], 4 * BUDGET_SECONDS + 60
    with ProcessPoolExecutor(workers, context, begin, (names, folder)) as pool:
        if pool.submit(run, [*always, *UNCHANGED], seconds).result():
            raise SystemExit("The tests fail without any change: nothing that they say of one would mean anything.")
        tried = []
        for path, change in chosen:
            where, source = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
            tests = tests_for(where, source, change, known, seconds=BUDGET_SECONDS)
            tried.append(pool.submit(changed, where, change, [*always, *tests], seconds))
        report(chosen, (each.result() for each in tried))


def report(chosen: list[tuple[Path, Change]], codes: Iterable[int]) -> None:
    harmless = {(each["file"], each["before"], each["after"]) for each in WITHOUT_EFFECT}
    effective = noticed = 0
    for tried, ((path, change), code) in enumerate(zip(chosen, codes, strict=True), 1):
        where, before, after = described(path, change)
        has_effect = bool(code) or (where, before, after) not in harmless
        effective += has_effect
        noticed += bool(code)
        if code in {0, HUNG}:
            number = path.read_text(encoding="utf-8").count("\n", 0, change.start) + 1
            word = "hung (counts as noticed)" if code else "LIVED" if has_effect else "no effect"
            print(f"{word}: {where}:{number} {change.kind}\n  - {before}\n  + {after}", flush=True)
        if tried % 25 == 0:
            print(f"{tried} of {len(chosen)} tried, noticed {noticed} of {effective} so far", flush=True)
    print(f"noticed {noticed} of {effective} that have an effect")


def main(seed: int, number: int, again: str) -> None:
    services = prepare_environment()
    services.start()
    try:
        with tempfile.TemporaryDirectory(prefix="tallystick-mutants-") as name:
            judge(choose(seed, number, again=again), Path(name))
    finally:
        services.stop()


if __name__ == "__main__":
    main(int(os.environ.get("SEED", "7")), int(os.environ.get("N", "150")), os.environ.get("AGAIN", ""))
