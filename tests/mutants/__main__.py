"""`make mutants SEED=7 N=150`: makes N random changes for the worse, one at a time, and asks the tests that reach them.

The changes are chosen by the seed; each is made in a copy of the tree, on a database restored from a template. Prints
what lived; the last line is `noticed X of Y that have an effect`. docs/testing.md says how to read it.
"""

import ast
import json
import os
import random
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from queue import Queue
from urllib.parse import urlsplit

import psycopg

from tests.mutants.operators import Change, changes_of_python, changes_of_toml
from tests.services import prepare_environment

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_EFFECT = tomllib.loads((ROOT / "tests/mutants/without_effect.toml").read_text(encoding="utf-8"))["change"]
# The rules that money and safety hang on. What is only shown, measured or tuned is not among them.
MODULES = {
    "common": "encryption money api/exact_json api/faults api/types network/client_address network/public_addresses",
    "chains_app": "calls/wallet_signatures evm/balances evm/blocks evm/logs evm/native evm/nodes evm/reader "
    "evm/traces evm/values evm/watched networks/networks rates/asking rates/exchange_rates "
    "rates/http rates/pairs rates/rules rates/snapshots rates/sources reading/scanning "
    "reading/set_aside receiving/*",
    "merchants_app": "powers scope businesses/suspension frame/access frame/api_authentication frame/paging "
    "frame/throttling keys/* people/invitations people/people people/team "
    "requests/idempotency sign_in/limits sign_in/second_factor treasuries/*",
    "webhooks_app": "scope signing endpoints/custom_headers endpoints/endpoints endpoints/failing "
    "endpoints/secrets_at_rest events/outbox events/queries events/retention queue/delivery "
    "queue/resending queue/retry_schedule",
    "sessions_app": "scope status api/terms buyers/erasing buyers/forgetting buyers/retention collecting/* "
    "paying/decisions paying/quoting paying/valuation reading/queries refunding/* "
    "selling/creation selling/payment_links state/children state/creation_sql state/customers "
    "state/evaluation state/expiry state/expiry_sql state/facts state/lifecycle "
    "state/reading_sql state/stock watching/payments watching/sightings watching/watcher",
}
DOORS = ("_views", "_pages")
ALWAYS = ["tests/promises"]
# Whole systems in processes of their own: slow, and no line of theirs is seen from here.
NOT_ASKED = ["tests/journeys", "tests/running", "tests/pages", "tests/test_code.py", "tests/examples", "tests/cli",
             "tests/api/test_schemathesis.py", "tests/api/test_generated_client.py", "tests/mutants",
             "tests/chains_app/contracts", "tests/webhooks_app/sending/test_chaos.py"]  # fmt: skip
OPTIONS = ["-q", "--reuse-db", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
LOCKS = {"lock removed", "atomic removed", "decorator removed"}  # two at once see them, and few others
BUDGET_SECONDS = float(os.environ.get("BUDGET", "40"))  # of tests a change, by how long they took unchanged


def files() -> list[Path]:
    """What is changed: the rules of the apps, and the networks' data."""
    found = {
        path for app, names in MODULES.items() for name in names.split() for path in (ROOT / app).glob(f"{name}.py")
    }
    return [
        *sorted(path for path in found if not path.stem.endswith(DOORS)),
        ROOT / "chains_app/networks/networks.toml",
    ]


def choose(seed: int, number: int) -> list[tuple[Path, Change]]:
    """So many changes, the same for the same seed and tree."""
    pool = [(path, change) for path in files() for change in changes_of(path)]
    return random.Random(seed).sample(pool, min(number, len(pool)))


def changes_of(path: Path) -> Iterator[Change]:
    """Those that leave a file that can be loaded: any test would notice the others."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        yield from changes_of_toml(source)
        return
    for change in changes_of_python(source):
        try:
            ast.parse(source[: change.start] + change.text + source[change.end :])
        except SyntaxError:
            continue
        yield change


def copy_of_tree(folder: Path) -> None:
    """What git tracks, as it is in the working tree; installed packages stay where they are."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "cf", folder / "tree.tar", "--null", "-T", "-"], cwd=ROOT, input=names, check=True)
    subprocess.run(["tar", "xf", "tree.tar"], cwd=folder, check=True)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")


def run_tests(folder: Path, *arguments: str, **environment: str) -> None:
    """Runs pytest in a copy of the tree."""
    command = [sys.executable, "-m", "pytest", *OPTIONS, *arguments]
    subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, check=False)


class Warm:
    """Runs pytest in one copy of the tree, again and again (`tests/mutants/warm.py`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = [sys.executable, "-B", Path(__file__).with_name("warm.py")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, arguments: list[str], environment: dict[str, str]) -> int:
        """pytest's exit code."""
        assert self.process.stdin
        assert self.process.stdout
        wanted = {"arguments": [*OPTIONS, *arguments], "environment": os.environ | environment}
        limits = {"folder": str(self.folder), "seconds": 4 * BUDGET_SECONDS + 60}
        print(json.dumps(wanted | limits), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())


def reach(folder: Path) -> dict[str, dict[str, object]]:
    """By test, which lines it runs and how long it takes: measured once for each state of the tree."""
    state = sha256(b"".join(path.read_bytes() for path in sorted((ROOT / "tests").rglob("*.py")) + files())).hexdigest()
    kept = Path(tempfile.gettempdir()) / f"tallystick-reach-{state[:16]}.json"
    if not kept.exists():
        print("Measuring which tests reach which lines (once for this state of the tree) …", flush=True)
        notes = folder / "notes"
        notes.mkdir()
        skipped = [f"--ignore={name}" for name in NOT_ASKED]
        options = ["-p", "tests.mutants.reach", "-n", "logical", "--dist", "load", *skipped]
        run_tests(folder / "0", *options, "tests", MUTANTS_REACH=str(notes))
        found: dict[str, object] = {}
        for note in notes.glob("*.json"):
            found |= json.loads(note.read_text(encoding="utf-8"))
        kept.write_text(json.dumps(found), encoding="utf-8")
    return dict(json.loads(kept.read_text(encoding="utf-8")))


def tests_for(path: Path, change: Change, known: dict[str, dict[str, object]]) -> list[str]:
    """The tests that run the changed line, or, where that runs when the file is loaded, anything of the file."""
    name = str(path.relative_to(ROOT))
    source = path.read_text(encoding="utf-8")
    changed = set(range(source.count("\n", 0, change.start) + 1, source.count("\n", 0, change.end) + 2))
    ran = {test: set(each["lines"].get(name, ())) for test, each in known.items()}  # type: ignore[attr-defined]
    chosen = [test for test, lines in ran.items() if lines & changed] or [test for test, lines in ran.items() if lines]
    # The nearest first, then the quick ones: most are noticed within a second. Of a test with many parameters farther
    # off, one after the other has its turn: the next ones tell least.
    turns: dict[str, int] = defaultdict(int)
    ranked = []
    for test in sorted(chosen, key=lambda test: known[test]["seconds"]):
        function, far = test.partition("[")[0], distance(path, change, test)
        ranked.append((far, turns[function] if far else 0, known[test]["seconds"], test))
        turns[function] += 1
    asked: list[str] = []
    spent = 0.0
    for *_, test in sorted(ranked):  # type: ignore[type-var]
        spent += float(known[test]["seconds"])  # type: ignore[arg-type]
        if spent > BUDGET_SECONDS and asked:
            break
        asked.append(test)
    return asked


def distance(path: Path, change: Change, test: str) -> int:
    """How far off a test is: one named after the file, or a race if it is about a lock, is near; then its folder's."""
    file = Path(test.partition("::")[0])
    if change.kind in LOCKS and file.parent.name == "locks":
        return 0
    if f"_{path.stem}_" in f"{file.stem}_":
        return 0
    return 1 if file.parent == Path("tests") / path.parent.relative_to(ROOT) else 2


def line_of(source: str, change: Change) -> tuple[str, str]:
    """The lines that the change touches, before and after, white space folded."""
    first, last = source.rfind("\n", 0, change.start) + 1, source.find("\n", change.end)
    after = source[first : change.start] + change.text + source[change.end : last]
    return " ".join(source[first:last].split()), " ".join(after.split())


def main(seed: int, number: int) -> None:
    services = prepare_environment()
    services.start()
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="tallystick-mutants-") as name:
        try:
            judge(choose(seed, number), Path(name), workers)
        finally:
            services.stop()


def judge(chosen: list[tuple[Path, Change]], folder: Path, workers: int) -> None:
    server = os.environ["DATABASE_URL"]
    for worker in range(workers):
        (folder / str(worker)).mkdir()
        copy_of_tree(folder / str(worker))
    known = reach(folder)
    run_tests(folder / "0", "--create-db", "tests/promises", "tests/common")
    database = f"test_{urlsplit(server).path.strip('/')}"
    free: Queue[tuple[int, Warm]] = Queue()
    for worker in range(workers):
        free.put((worker, Warm(folder / str(worker))))

    def passes(worker: int, warm: Warm, tests: list[str]) -> bool:
        mine = f"mutants_{worker}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"drop database if exists test_{mine} with (force)")
            connection.execute(f"create database test_{mine} template {database}")
        url = urlsplit(server)._replace(path=f"/{mine}").geturl()
        environment = {"DATABASE_URL": url, "PYTEST_XDIST_WORKER": f"gw{worker}"}
        return warm.run(["-x", *ALWAYS, *tests], environment) == 0

    def lives(each: tuple[Path, Change]) -> bool:
        path, change = each
        worker, warm = free.get()
        source = path.read_text(encoding="utf-8")
        copy = folder / str(worker) / path.relative_to(ROOT)
        copy.write_text(source[: change.start] + change.text + source[change.end :], encoding="utf-8")
        try:
            return passes(worker, warm, tests_for(path, change, known))
        finally:
            copy.write_text(source, encoding="utf-8")
            free.put((worker, warm))

    for each in list(free.queue):
        if not passes(*each, ["tests/common/test_money.py"]):
            raise SystemExit("The tests fail without any change: nothing that they say of one would mean anything.")
    harmless = {(each["file"], each["before"], each["after"]) for each in WITHOUT_EFFECT}
    effective = noticed = 0
    with ThreadPoolExecutor(workers) as pool:
        for (path, change), alive in zip(chosen, pool.map(lives, chosen), strict=True):
            source, where = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
            before, after = line_of(source, change)
            has_effect = not alive or (where, before, after) not in harmless
            effective += has_effect
            noticed += not alive
            if alive:
                number = source.count("\n", 0, change.start) + 1
                word = "LIVED" if has_effect else "no effect"
                print(f"{word}: {where}:{number} {change.kind}\n  - {before}\n  + {after}", flush=True)
    print(f"noticed {noticed} of {effective} that have an effect")


if __name__ == "__main__":
    main(seed=int(os.environ.get("SEED", "7")), number=int(os.environ.get("N", "150")))
