"""Runs benchmarks one after the other, and tells their figures as one table: docs/benchmarks.md explains each.

    python -m bench                              # all
    python -m bench --keep                       # all, each one's lines into the table of docs/benchmarks.md
    python -m bench --quick                      # all, smaller: whether they run; their figures say little
    python -m bench api way export --keep        # some
    python -m bench expiry --sessions 30000      # one, with its own options (`python -m bench expiry --help`)

Without DATABASE_URL and REDIS_URL it brings a PostgreSQL with its default durability and a Valkey of its own, and takes
them down again. Each benchmark is a process of its own, so that none measures the remains of another.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from bench.tools import table
from bench.tools.figures import KEPT_IN, kept
from checkout_project.running import children
from checkout_project.running.embedded import Postgres, Valkey
from checkout_project.running.secrets import secrets_of


@dataclass(frozen=True, slots=True)
class Bench:
    """One benchmark: its module, and its options for a quick run."""

    module: str
    quick: str = ""


# In the order in which they run.
ALL = {
    "api": Bench("bench.api.calls", "--seconds 0.3 --rounds 3"),
    "way": Bench("bench.api.way"),
    "half_open": Bench("bench.api.half_open", "--connections 60 --seconds 1"),
    "many_sessions": Bench("bench.api.many_sessions", "--sessions 20000 --seconds 0.5"),
    "dashboard": Bench("bench.pages.dashboard", "--sessions 20000 --rounds 3"),
    "reader": Bench("bench.chains.reader", "--blocks 4 --watched 10 1000"),
    "foreign_events": Bench("bench.chains.foreign_events", "--blocks 5"),
    "chains": Bench("bench.chains.faults", "--payments 40"),
    "collecting": Bench("bench.chains.collecting"),
    "settling": Bench("bench.money.settling", "--payments 1000"),
    "expiry": Bench("bench.money.expiry", "--sessions 10000"),
    "export": Bench("bench.money.export", "--payments 20000"),
    "webhook_delivery": Bench("bench.webhooks.delivery", "--events 2000 --old 20000"),
    "chunks": Bench("bench.webhooks.chunks", "--deliveries 70000"),
    "webhook_chaos": Bench("bench.webhooks.chaos", "--events 600 --seconds 20"),
    "weight": Bench("bench.pages.weight"),
    "lighthouse": Bench("bench.pages.lighthouse", "--rounds 1"),
    "seen": Bench("bench.pages.seen", "--payments 3"),
    "buyers": Bench("bench.pages.buyers", "--pages 300 --seconds 10"),
    "idle": Bench("bench.running.idle", "--rest 5"),
    "proxies": Bench("bench.running.proxies"),
    "lanes": Bench("bench.whole.lanes", "--rounds 3"),
    "takeover": Bench("bench.whole.takeover", "--rounds 1"),
    "two_machines": Bench("bench.whole.two_machines", "--seconds 2 --payments 10"),
    "chaos": Bench("bench.whole.chaos", "--sessions 60 --minutes 0.5"),
    "upgrade": Bench("bench.whole.upgrade", "--seconds 3"),
    "pages": Bench("bench.pages.matrix"),
}
# No benchmark takes longer; one that hangs must not hold up the others.
MOST_SECONDS, MOST_SECONDS_QUICK = 1800, 400
# Every face of the buyer's pages takes minutes, however few are looked at.
NOT_QUICK = {"pages"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for."""

    names: list[str]
    options: list[str]  # of the benchmark, where it is one
    quick: bool
    keep: bool

    def options_of(self, name: str) -> list[str]:
        """What the benchmark is started with."""
        return ALL[name].quick.split() if self.quick else self.options

    @property
    def most_seconds(self) -> float | None:
        """Who gives options knows how long it takes."""
        return MOST_SECONDS_QUICK if self.quick else None if self.options else MOST_SECONDS


def main() -> int:
    """The worst exit code of what ran: 1 when a goal was missed."""
    asked = _asked(sys.argv[1:])
    lines, codes = list[table.Line](), list[int]()
    with ExitStack() as stack:
        # Receivers are on loopback, at any port.
        environment = os.environ | _servers(stack) | {"WEBHOOK_ALLOW_PRIVATE": "1"}
        about = table.about(environment)
        for name in asked.names:
            file, options = Path(environment["BENCH_FOLDER"], f"{name}.figures"), asked.options_of(name)
            measured = table.measured(options)
            codes.append(_run(name, options, environment | {KEPT_IN: str(file)}, seconds=asked.most_seconds))
            found = table.lines_of(name, kept(file), codes[-1], measured)
            lines += found
            if asked.keep:
                table.keep(about, found, order=list(ALL))
    if len(asked.names) > 1:
        print(f"\n{about}\n\n{table.as_text(lines)}")
    return max(codes)


def _asked(words: list[str]) -> Asked:
    """Ends the process, with a sentence, on what it does not know."""
    names = list(takewhile(ALL.__contains__, words))
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=not names, allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="smaller, within some minutes; never kept")
    parser.add_argument("--keep", action="store_true", help="write the lines into docs/benchmarks.md")
    flags, options = parser.parse_known_args(words[len(names) :])
    if options and len(names) != 1:
        parser.error(f"{' '.join(options)} is no benchmark, and no option of all. Benchmarks: {', '.join(ALL)}.")
    if flags.quick and (flags.keep or options):
        parser.error("--quick has options of its own, and figures that are not worth keeping.")
    names = names or [name for name in ALL if not (flags.quick and name in NOT_QUICK)]
    return Asked(names=names, options=options, quick=flags.quick, keep=flags.keep)


def _run(name: str, options: list[str], environment: dict[str, str], *, seconds: float | None) -> int:
    print(f"— {name}", flush=True)
    running = children.start([sys.executable, "-m", ALL[name].module, *options], env=environment)
    try:
        return running.wait(seconds)
    except subprocess.TimeoutExpired:
        print(f"took more than {seconds} s", flush=True)
        return 124
    finally:
        children.stop(running)


def _servers(stack: ExitStack) -> dict[str, str]:
    """The variables that name what the environment does not."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tallystick-bench-")))
    secrets = secrets_of(folder)
    made = {name: secrets[name] for name in ("SECRET_KEY", "ENCRYPTION_KEYS") if name not in os.environ}
    made["BENCH_FOLDER"] = str(folder)
    if "DATABASE_URL" not in os.environ:
        made["DATABASE_URL"] = _started(Postgres(folder=folder / "postgres"), stack)
    if "REDIS_URL" not in os.environ:
        made["REDIS_URL"] = _started(Valkey(folder=folder / "valkey", password=secrets["VALKEY_PASSWORD"]), stack)
    return made


def _started(server: Postgres | Valkey, stack: ExitStack) -> str:
    stack.callback(server.stop)
    server.start()
    return server.url


if __name__ == "__main__":
    sys.exit(main())
