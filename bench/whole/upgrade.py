"""A new version beside a shop that sells: old processes go on while `migrate` of this one changes their tables.

    python -m bench upgrade --since v0.1.0 [--seconds 15]

It builds a database by the version of that commit, sells by its web, worker and beat (create, quote, pay, look, list,
cancel, four clients), migrates by this version meanwhile, starts new web processes beside the old ones, ends the old
ones, and prints what each stretch of time had: calls, the slowest, answers from 500 on; then deadlocks, and what old
processes complained of. Exits with 1 when there was any such answer, deadlock or complaint.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from honcho.environ import parse_procfile

from bench.tools.servers import ROOT, TERMS, Servers

CLIENTS = 4
ORDER = TERMS | {"email": "pat@example.com", "metadata": {}}


@dataclass
class Stretch:
    """What the clients saw during it."""

    name: str
    answers: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0

    @property
    def failed(self) -> int:
        """Answers that are our fault, and none at all (0)."""
        return sum(number for status, number in self.answers.items() if status >= 500 or status == 0)

    def __str__(self) -> str:
        kinds = ", ".join(f"{number} × {status}" for status, number in sorted(self.answers.items()))
        return f"{self.name:<32} slowest {self.slowest * 1000:5.0f} ms  {kinds}"


class Shop:
    """Four clients that never stop."""

    def __init__(self, key: str, url: str) -> None:
        self.url = url
        self.stretches = [Stretch("the old version alone")]
        self._headers = {"Authorization": f"Bearer {key}"}
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._sell, daemon=True) for _ in range(CLIENTS)]

    def __enter__(self) -> "Shop":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """No client asks any more."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def begin(self, name: str) -> None:
        """What comes from now on is of another stretch."""
        self.stretches.append(Stretch(name))

    def _sell(self) -> None:
        with httpx.Client(headers=self._headers, timeout=30) as client:
            while not self._over.is_set():
                made = self._ask(client, "POST", "checkout", ORDER)
                if made is None:
                    continue
                session = made["id"]
                self._ask(client, "POST", f"checkout/{session}/quote", {"asset": "USDC", "network": "sandbox"})
                self._ask(client, "POST", f"checkout/{session}/simulate", {"scenario": "exact"})
                self._ask(client, "GET", f"checkout/sessions/{session}")
                self._ask(client, "GET", "checkout?limit=20")
                left = self._ask(client, "POST", "checkout", ORDER)
                if left:
                    self._ask(client, "POST", f"checkout/{left['id']}/cancel")

    def _ask(self, client: httpx.Client, method: str, path: str, body: Any = None) -> Any:
        stretch, begun, answer = self.stretches[-1], time.monotonic(), None
        try:
            answer = client.request(method, f"{self.url}/api/v1/{path}", json=body)
            status = answer.status_code
        except httpx.HTTPError:
            status = 0
        stretch.answers[status] += 1
        stretch.slowest = max(stretch.slowest, time.monotonic() - begun)
        return answer.json() if answer is not None and status == 200 else None


def main() -> int:
    """1 when something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", default=_last_tag(), help="commit of the version before; the last tag, if any")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each stretch")
    options = parser.parse_args()
    if not options.since:
        print("There is no version before: name a commit by --since.")
        return 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tallystick-old-")))
        _take_out(options.since, folder)
        old = stack.enter_context(Servers(root=folder))
        jobs = _Jobs(stack, old, folder)
        shop = stack.enter_context(Shop(old.key, old.start_ours()))
        time.sleep(options.seconds)
        shop.begin("while tables change")
        took = _migrate(old)
        shop.begin("the old version on new tables")
        time.sleep(options.seconds)
        new = Servers(root=ROOT, database=old.database)
        stack.callback(new.stop)
        shop.url = new.start_ours()
        shop.begin("both versions")
        time.sleep(options.seconds)
        shop.close()
        deadlocks = _deadlocks(old)
        complaints = jobs.complaints()
    print(*shop.stretches, sep="\n")
    print(f"migrate took {took:.1f} s; {deadlocks} deadlocks; {len(complaints)} complaints of old jobs")
    print(*complaints[:10], sep="\n")
    if not all(each.answers[200] for each in shop.stretches):
        print("Nothing was sold in one of them.")
        return 1
    return int(bool(sum(each.failed for each in shop.stretches) or deadlocks or complaints))


class _Jobs:
    """The old version's worker and beat."""

    def __init__(self, stack: ExitStack, servers: Servers, folder: Path) -> None:
        self._log = folder / "jobs.log"
        lines = parse_procfile((folder / "Procfile").read_text(encoding="utf-8")).processes
        environment = servers.environment | {
            "PATH": f"{Path(sys.executable).parent}:{servers.environment['PATH']}",
            "WORKER_THREADS": "8",
        }
        log = stack.enter_context(self._log.open("w"))
        for name in ("worker", "beat"):
            process = subprocess.Popen(
                lines[name], shell=True, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)

    def complaints(self) -> list[str]:
        """Lines about errors; that nobody listens at the webhook's address is none."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line[:300] for line in lines if '"level": "error"' in line or "Traceback" in line or "deadlock" in line]


def _last_tag() -> str:
    said = subprocess.run(["git", "describe", "--tags", "--abbrev=0"], cwd=ROOT, capture_output=True, text=True)
    return said.stdout.strip()


def _take_out(commit: str, folder: Path) -> None:
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    subprocess.run(
        [sys.executable, "-m", "checkout_project.words", "compile"], cwd=folder, check=True, capture_output=True
    )


def _migrate(servers: Servers) -> float:
    begun = time.monotonic()
    environment = servers.environment | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return time.monotonic() - begun


def _deadlocks(servers: Servers) -> int:
    with psycopg.connect(servers.environment["DATABASE_URL"], autocommit=True) as connection:
        row = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    sys.exit(main())
