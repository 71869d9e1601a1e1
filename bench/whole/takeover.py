"""How soon another worker finds the payment when the one that reads its network is killed in the middle of that.

    python -m bench takeover [--rounds 5]

The whole system with a node that takes 0.3 seconds for each answer. A buyer pays; the worker that looks for the
payment is left without an answer, and killed with -9 just then. Goal: the other has it within ten seconds, each time.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from queue import Queue
from threading import Event
from typing import TYPE_CHECKING

import httpx
import psycopg
from redis import Redis
from typing_extensions import override

from bench.tools.figures import figure, most
from bench.whole.lanes import answers, open_session
from bench.whole.system import System, until
from checkout_project.running.secrets import demo_file
from tests.fake_node import FakeNode
from tests.loopback import Asked, Response

if TYPE_CHECKING:
    from tests.chains_app.node_cast import Devchain

MOST = 10.0
SLOW_SECONDS = 0.3
WORKERS = ("worker-1", "worker-2")


class SlowNode(FakeNode):
    """In front of a real one. Once told to, it leaves the next look for payments without an answer."""

    def __init__(self, *, upstream: str) -> None:
        super().__init__(upstream=upstream)
        self.left_waiting = Queue[int]()  # the client's port
        self._leaves_next = Event()

    def leave_next(self) -> None:
        """The next look is the one."""
        self._leaves_next.set()

    @override
    def respond(self, asked: Asked) -> Response:
        time.sleep(SLOW_SECONDS)
        if b'"eth_getLogs"' in asked.body and self._leaves_next.is_set():
            self._leaves_next.clear()
            self.left_waiting.put(asked.port)
            self.hang()
            return None
        return super().respond(asked)


def main() -> int:
    """Tells the seconds, and the longest of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    from tests.anvil import Anvil

    folder = Path(tempfile.mkdtemp(prefix="takeover-"))
    with (
        Anvil() as anvil,
        SlowNode(upstream=anvil.url) as node,
        System(folder, env={"RPC_URL_DEVCHAIN": node.url}) as system,
    ):
        os.environ |= {
            name: system.env[name] for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS")
        }
        import django

        django.setup()
        from tests.chains_app.node_cast import Devchain

        taken = measure(system, node, Devchain(anvil), options.rounds)
    figure("a payment, from its reader's death until another found it", taken, "s")
    return 0 if figure("the longest of them", max(taken), "s", goal=most(MOST)) else 1


def measure(system: System, node: SlowNode, chain: "Devchain", rounds: int) -> list[float]:
    """Seconds from each death until the payment is stored."""
    until(lambda: answers(system.url("web-1")), 120, "web-1")
    key = json.loads(demo_file(system.folder).read_text(encoding="utf-8"))["api_key"]
    with (
        httpx.Client(
            base_url=f"{system.url('web-1')}/api/v1/", headers={"Authorization": f"Bearer {key}"}, timeout=30
        ) as api,
        psycopg.connect(system.postgres.url, autocommit=True) as database,
    ):
        return [_round(system, node, chain, api, database) for _ in range(rounds)]


def _round(
    system: System,
    node: SlowNode,
    chain: "Devchain",
    api: httpx.Client,
    database: "psycopg.Connection[tuple[object, ...]]",
) -> float:
    until(lambda: all(_works(system, name) for name in WORKERS), 60, "two workers")
    session = open_session(api)
    wanted = {"asset": "USDC", "network": "devchain"}
    due = api.post(f"checkout/{session}/quote", json=wanted).raise_for_status().json()["payment"]
    stood_at = _read_up_to(database)
    node.leave_next()
    paid_in = chain.pay(chain.usdc, due["address"], int(Decimal(due["amountDue"]).scaleb(6)))
    reader = _whose(system, node.left_waiting.get(timeout=60))
    assert stood_at < paid_in, "it was found before anybody died"
    assert _read_up_to(database) < paid_in, "it was found before anybody died"
    system.strike_down(reader)
    began = time.monotonic()
    asked = (
        "SELECT count(*) FROM sessions_app_payment WHERE session_id = "
        "(SELECT id FROM sessions_app_checkoutsession WHERE public_id = %s)"
    )
    until(lambda: database.execute(asked, [session]).fetchone() == (1,), 120, "another worker")
    seconds = time.monotonic() - began
    system.launch(reader)
    return seconds


def _read_up_to(database: "psycopg.Connection[tuple[object, ...]]") -> int:
    found = database.execute("SELECT block_number FROM chains_app_scancursor WHERE network = 'devchain'").fetchone()
    return int(str(found[0])) if found else 0


def _works(system: System, name: str) -> bool:
    """Whether it said so since it was started."""
    pids = {str(each.pid) for each in system.processes(name)}
    with Redis.from_url(system.valkey.url, decode_responses=True) as client:
        return any(str(each).rpartition(":")[2] in pids for each in client.hkeys("tallystick:pulses"))


def _whose(system: System, port: int) -> str:
    """The worker that speaks from there."""
    for name in WORKERS:
        for process in system.processes(name):
            if any(line.laddr.port == port for line in process.net_connections("tcp")):
                return name
    raise LookupError(f"no worker speaks from port {port}")


if __name__ == "__main__":
    os.environ |= {"DJANGO_SETTINGS_MODULE": "checkout_project.settings", "DEBUG": "0"}
    sys.exit(main())
