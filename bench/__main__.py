"""Runs benchmarks one after the other: `python -m bench` for all, `python -m bench expiry --sessions 30000` for one.

Without DATABASE_URL and REDIS_URL it brings a PostgreSQL with its default durability and a Valkey of its own, and takes
them down again. Each benchmark is a process of its own, so that none measures the remains of another.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from checkout_project.running.embedded import Postgres, Valkey
from checkout_project.running.secrets import secrets_of

# In the order in which they run.
ALL = {
    "api": "bench.api.calls",
    "way": "bench.api.way",
    "half_open": "bench.api.half_open",
    "many_sessions": "bench.api.many_sessions",
    "dashboard": "bench.pages.dashboard",
    "reader": "bench.chains.reader",
    "foreign_events": "bench.chains.foreign_events",
    "chains": "bench.chains.faults",
    "collecting": "bench.chains.collecting",
    "settling": "bench.money.settling",
    "expiry": "bench.money.expiry",
    "export": "bench.money.export",
    "webhook_delivery": "bench.webhooks.delivery",
    "webhook_chaos": "bench.webhooks.chaos",
    "pages": "bench.pages.matrix",
    "weight": "bench.pages.weight",
    "buyers": "bench.pages.buyers",
    "idle": "bench.running.idle",
    "chaos": "bench.whole.chaos",
}


def main() -> int:
    """The worst exit code of what ran: 1 when a goal was missed."""
    name, options = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if name and name not in ALL:
        print(f"No benchmark {name}; there are: {', '.join(ALL)}")
        return 2
    with ExitStack() as stack:
        # Receivers are on loopback, at any port.
        environment = os.environ | _servers(stack) | {"WEBHOOK_ALLOW_PRIVATE": "1"}
        return max(_run(each, options, environment) for each in ([name] if name else ALL))


def _run(name: str, options: list[str], environment: dict[str, str]) -> int:
    print(f"— {name}", flush=True)
    return subprocess.run([sys.executable, "-m", ALL[name], *options], env=environment, check=False).returncode


def _servers(stack: ExitStack) -> dict[str, str]:
    """The variables that name what the environment does not."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tallystick-bench-")))
    secrets = secrets_of(folder)
    made = {name: secrets[name] for name in ("SECRET_KEY", "ENCRYPTION_KEYS") if name not in os.environ}
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
