"""A new version beside a shop that sells: old processes go on while `migrate` of this one changes their tables.

    python -m bench upgrade [--since v0.1.0] [--seconds 15]

The version before is the last tag's; while there is none, that of a commit which lacks the newest eleven migrations. It
builds a database by that version, sells by its web, worker and beat (create, quote, pay, look, list, cancel, four
clients), and migrates by this version meanwhile. Then jobs and web processes of this version come beside
the old ones, and those end. Printed is what each stretch of time had: calls by their answers (0: none came), the
slowest. Goals: no answer from 500 on and no call without one, no deadlock, no complaint of jobs, no order that is not
there, none that was paid and never completed.
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
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.tools.figures import figure, most
from bench.tools.servers import ROOT, TERMS, Servers
from checkout_project.processes import commands

# The version before, while no tag names one: of 29 November 2026.
BEFORE_THE_FIRST_TAG = "c45be9c0"
CLIENTS = 4
COMPLETED_WITHIN = 120.0
ENDED_WITHIN = 30.0
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
        self.urls = [url]
        self.stretches = [Stretch("the old version alone")]
        self.made: set[str] = set()
        self.paid: set[str] = set()
        self._headers = {"Authorization": f"Bearer {key}"}
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._sell, args=[each], daemon=True) for each in range(CLIENTS)]

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

    def _sell(self, number: int) -> None:
        with httpx.Client(headers=self._headers, timeout=30) as client:
            ask = partial(self._ask, client, number)
            while not self._over.is_set():
                made = ask("POST", "checkout", ORDER)
                if made is None:
                    continue
                session = made["id"]
                self.made.add(session)
                ask("POST", f"checkout/{session}/quote", {"asset": "USDC", "network": "sandbox"})
                if ask("POST", f"checkout/{session}/simulate", {"scenario": "exact"}) is not None:
                    self.paid.add(session)
                ask("GET", f"checkout/sessions/{session}")
                ask("GET", "checkout?limit=20")
                left = ask("POST", "checkout", ORDER)
                if left:
                    self.made.add(left["id"])
                    ask("POST", f"checkout/{left['id']}/cancel")

    def _ask(self, client: httpx.Client, number: int, method: str, path: str, body: Any = None) -> Any:
        stretch, begun, answer = self.stretches[-1], time.monotonic(), None
        url = self.urls[number % len(self.urls)]
        try:
            answer = client.request(method, f"{url}/api/v1/{path}", json=body)
            status = answer.status_code
        except httpx.HTTPError:
            status = 0
        stretch.answers[status] += 1
        stretch.slowest = max(stretch.slowest, time.monotonic() - begun)
        if answer is None or not answer.is_success:
            return None
        return answer.json() if answer.content else {}


def main() -> int:
    """1 when something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--since", default=_version_before(), help="commit of the version before; by itself the last tag"
    )
    parser.add_argument("--seconds", type=float, default=15.0, help="of each stretch")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tallystick-old-")))
        _take_out(options.since, folder)
        old = stack.enter_context(Servers(root=folder))
        jobs = stack.enter_context(_Jobs(old, folder / "jobs.log"))
        shop = stack.enter_context(Shop(old.key, old.start_ours()))
        time.sleep(options.seconds)
        shop.begin("while tables change")
        took = _migrate(old)
        shop.begin("the old version on new tables")
        time.sleep(options.seconds)
        new = Servers(root=ROOT, database=old.database)
        stack.callback(new.stop)
        new_jobs = stack.enter_context(_Jobs(new, folder / "new_jobs.log"))
        shop.urls.append(new.start_ours())
        shop.begin("both versions")
        time.sleep(options.seconds)
        del shop.urls[0]
        time.sleep(2)  # what the old ones still do
        jobs.close()
        old.stop()
        shop.begin("the new version alone")
        time.sleep(options.seconds)
        shop.close()
        lost, unfinished = _lost(old, shop), _unfinished(old, shop)
        deadlocks = _deadlocks(old)
        new_jobs.close()
        complaints = [*jobs.complaints(), *new_jobs.complaints()]
    print(*shop.stretches, sep="\n")
    print(*complaints[:10], sep="\n")
    figure("migrate, beside a shop that sells", took, "s")
    figure("slowest call while tables changed", shop.stretches[1].slowest, "s")
    calls = sum(sum(each.answers.values()) for each in shop.stretches)
    idle = [each.name for each in shop.stretches if not each.answers[200]]
    kept = [
        figure("stretches of time in which nothing was sold", len(idle), f"of {len(shop.stretches)}", goal=most(0)),
        figure(
            "answers from 500 on, and none", sum(each.failed for each in shop.stretches), f"of {calls}", goal=most(0)
        ),
        figure("deadlocks", deadlocks, "", goal=most(0)),
        figure("complaints of jobs", len(complaints), "", goal=most(0)),
        figure("orders that are not there", len(lost), f"of {len(shop.made)}", goal=most(0)),
        figure("paid orders that were not completed", len(unfinished), f"of {len(shop.paid)}", goal=most(0)),
    ]
    return 0 if all(kept) else 1


class _Jobs:
    """A version's worker and beat."""

    def __init__(self, servers: Servers, log: Path) -> None:
        self._log = log
        self._late: list[str] = []
        lines = commands(servers.root)
        environment = servers.environment | {
            "PATH": f"{Path(sys.executable).parent}:{servers.environment['PATH']}",
            "WORKER_THREADS": "8",
        }
        with log.open("w") as out:
            self._running = {
                name: subprocess.Popen(
                    lines[name], shell=True, cwd=servers.root, env=environment, stdout=out, stderr=out
                )
                for name in ("worker", "beat")
            }

    def __enter__(self) -> "_Jobs":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """They end what they are at."""
        for process in self._running.values():
            process.terminate()
        for name, process in self._running.items():
            try:
                process.wait(ENDED_WITHIN)
            except subprocess.TimeoutExpired:
                self._late.append(f"{name} had not ended {ENDED_WITHIN:.0f} s after SIGTERM")
                process.kill()
                process.wait()

    def complaints(self) -> list[str]:
        """Lines about errors; that nobody listens at the webhook's address is none."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        bad = [line[:300] for line in lines if '"level": "error"' in line or "Traceback" in line or "deadlock" in line]
        return bad + self._late


def _version_before() -> str:
    said = subprocess.run(["git", "describe", "--tags", "--abbrev=0"], cwd=ROOT, capture_output=True, text=True)
    return said.stdout.strip() or BEFORE_THE_FIRST_TAG


def _take_out(commit: str, folder: Path) -> None:
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    for root in (folder, ROOT):
        compile_words = [sys.executable, "-m", "checkout_project.words", "compile"]
        subprocess.run(compile_words, cwd=root, check=True, capture_output=True)


def _migrate(servers: Servers) -> float:
    begun = time.monotonic()
    environment = servers.environment | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return time.monotonic() - begun


def _lost(servers: Servers, shop: Shop) -> set[str]:
    """Orders that were answered and are not there."""
    with psycopg.connect(servers.environment["DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT public_id FROM sessions_app_checkoutsession").fetchall()
    return shop.made - {public_id for (public_id,) in rows}


def _unfinished(servers: Servers, shop: Shop) -> set[str]:
    """Orders that were paid and are not completed, however long one waits."""
    left, ends_at = set(shop.paid), time.monotonic() + COMPLETED_WITHIN
    with psycopg.connect(servers.environment["DATABASE_URL"], autocommit=True) as connection:
        while left and time.monotonic() < ends_at:
            time.sleep(0.5)
            completed = "SELECT public_id FROM sessions_app_checkoutsession WHERE status = 'completed'"
            left -= {public_id for (public_id,) in connection.execute(completed)}
    return left


def _deadlocks(servers: Servers) -> int:
    with psycopg.connect(servers.environment["DATABASE_URL"], autocommit=True) as connection:
        row = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    sys.exit(main())
