"""The whole system in a storm: is any money, order or event lost, doubled or wrong when it is over?

    python -m bench chaos                                   # 2,000 sessions in ten minutes
    python -m bench chaos --sessions 60 --minutes 0.5       # some two minutes in all
    python -m bench chaos --seed 7 --only clock beat        # one kind of disturbance, by words of their names

Real processes: PostgreSQL, Valkey, a node (anvil) behind two providers, two web processes, two workers, the clock, a
shop that asks again when it gets no answer, buyers who pay on the node and on the sandbox, a receiver that fails now
and then. Meanwhile, by the seed: PostgreSQL ends (fast, immediately, by kill -9), Valkey is killed, wiped, silent,
processes are killed with -9, their clocks are set, both providers are gone, and come back with a reorg.

Then all is left alone, and all must come to rest within minutes; what must hold then stands in `verdict.py`. The hours
that a delivery waits after its second failure are let pass at once. Exits with 1 when something does not hold.
"""

import argparse
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import httpx
import psycopg

from bench.tools.figures import figure, most
from bench.whole.plan import PROCESSES, WEIGHTS, Disturbance, storm
from bench.whole.receiver import Receiver
from bench.whole.shop import Shop
from bench.whole.system import System, until
from checkout_project.running.secrets import demo_file

if TYPE_CHECKING:
    from tests.anvil import Anvil
    from tests.faulty_proxy import FaultyProxy

LONGEST_REST = 150.0


def main() -> int:
    """Prints what went on, and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=6, help="seconds from disturbance to disturbance")
    parser.add_argument("--only", nargs="*", default=[], help="words of the disturbances to play")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    os.environ |= {"DJANGO_SETTINGS_MODULE": "checkout_project.settings", "DEBUG": "0"}
    from tests.anvil import Anvil
    from tests.faulty_proxy import FaultyProxy

    with ExitStack() as stack:
        node = stack.enter_context(Anvil())
        proxies = [stack.enter_context(FaultyProxy(upstream=node.url)) for _ in range(2)]
        receiver = stack.enter_context(Receiver(options.seed))
        system = System(
            folder, env={"RPC_URL_DEVCHAIN": ", ".join(each.url for each in proxies), "WORKER_THREADS": "24"}
        )
        os.environ |= {
            name: system.env[name]
            for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR", "SECRET_KEY", "ENCRYPTION_KEYS", "RPC_URL_DEVCHAIN")
        }
        stack.enter_context(system)
        for name in system.ports:
            until(lambda name=name: _answers(system.url(name)), 120, name)
        return Storm(system, node, proxies, receiver, options).run()


class Storm:
    """One run."""

    def __init__(
        self,
        system: System,
        node: "Anvil",
        proxies: "list[FaultyProxy]",
        receiver: Receiver,
        options: argparse.Namespace,
    ) -> None:
        import django

        django.setup()
        logging.disable(logging.CRITICAL)
        from tests.chains_app.node_cast import Devchain

        self.system, self.node, self.proxies, self.receiver, self.options = system, node, proxies, receiver, options
        chain = Devchain(node)
        for each in node.accounts[:1]:
            node.set_balance(each, 10**24)
        node.execute(chain.usdc, "mint(address,uint256)", node.accounts[9], 10**15)
        node.rpc("evm_setAutomine", [False])
        node.rpc("evm_setIntervalMining", [1])
        key = json.loads(demo_file(system.folder).read_text())["api_key"]
        self.usdc = chain.usdc
        self.shop = Shop(system, node, chain.usdc, key=key, orders=options.sessions, seed=options.seed)
        made = self.shop.call("POST", "webhook-endpoints", {"url": f"{receiver.url}/hooks"}, fine=(201,))
        receiver.secret = made["secret"]
        self.over, self.set_clocks = Event(), False

    def run(self) -> int:
        """Storm, rest, verdict."""
        seconds = 60 * self.options.minutes
        without = frozenset(
            each for each in WEIGHTS if self.options.only and not any(w in each for w in self.options.only)
        )
        plan = storm(self.options.seed, seconds=seconds, every=self.options.every, without=without)
        began = time.monotonic()
        shopping = Thread(target=self.shop.run, args=[seconds], daemon=True)
        shopping.start()
        Thread(target=self._look_around, daemon=True).start()
        self._strike_all(plan, began)  # here: what a thread has started ends with it (children.start)
        shopping.join(seconds + 240 - (time.monotonic() - began))
        stormed = time.monotonic() - began
        left = self._rest()
        self.over.set()
        return self._judge(plan, stormed, time.monotonic() - began - stormed, left)

    def _strike_all(self, plan: list[Disturbance], began: float) -> None:
        for each in plan:
            time.sleep(max(0.0, began + each.at - time.monotonic()))
            print(f"  {time.monotonic() - began:5.0f} s  {each}", flush=True)
            try:
                self._strike(each)
            except Exception as problem:  # noqa: BLE001  (the others follow all the same)
                print(f"          {type(problem).__name__}: {problem}", flush=True)

    def _strike(self, each: Disturbance) -> None:
        match each.what.split(": "):
            case ["postgres", how]:
                self.system.restart_postgres(how, each.seconds)
            case ["redis", "kill -9"]:
                self.system.restart_valkey(each.seconds)
            case ["redis", "wiped"]:
                self.system.wipe_valkey()
            case ["redis", "silent"]:
                self.system.silence_valkey(each.seconds)
            case ["redis", "full" | "read-only" as how]:
                self.system.let_valkey_refuse(how, each.seconds)
            case ["web" | "worker", _]:
                self.system.kill(each.whom)
            case ["workers", _]:
                self.system.kill("worker-1", "worker-2")
            case ["beat", _]:
                self.system.kill("beat")
            case ["clock"]:
                self.set_clocks = True
                self.system.set_clock(each.whom, each.seconds)
            case ["rpc", _]:
                for proxy in self.proxies:
                    proxy.reply(503)
                time.sleep(each.seconds)
                self._reorg(each.blocks)
                for proxy in self.proxies:
                    proxy.well()
            case _:
                self._reorg(each.blocks)

    def _reorg(self, blocks: int) -> None:
        if blocks:
            self.node.reorg(blocks)
            self.shop.send_again_what_is_lost()

    def _look_around(self) -> None:
        while not self.over.wait(0.5):
            self.system.look_after()
            for proxy in self.proxies:
                proxy.forget()

    def _rest(self) -> Counter[str]:
        """All is well, and stays so; what has not come to rest after all."""
        from bench.whole.verdict import unsettled

        for name in PROCESSES:
            self.system.set_clock(name, 0)
        self.receiver.is_well = True
        for proxy in self.proxies:
            proxy.well()
        time.sleep(3)
        self.shop.send_again_what_is_lost()
        deadline, left = time.monotonic() + LONGEST_REST, Counter[str]()
        while time.monotonic() < deadline:
            self._let_retries_come()
            before, left = left, unsettled(self.receiver)
            if not left:
                break
            if left != before:
                print(f"  resting: {dict(left)}", flush=True)
            time.sleep(3)
        return left

    def _let_retries_come(self) -> None:
        with psycopg.connect(self.system.postgres.url, autocommit=True) as connection:
            connection.execute(
                "UPDATE webhooks_app_delivery SET next_attempt_at = now() "
                "WHERE state = 'pending' AND NOT leased AND next_attempt_at > now() + interval '2 seconds'"
            )

    def _judge(self, plan: list[Disturbance], stormed: float, rested: float, left: Counter[str]) -> int:
        from bench.whole.verdict import faults
        from sessions_app.models import CheckoutSession

        found = [f"not at rest: {what} ({number})" for what, number in left.items()]
        found += [f"{what}, {number} times" for what, number in self.system.ended.items()]
        found += faults(self.shop.orders, self.receiver, self.node, self.usdc, one_clock=not self.set_clocks)
        states = Counter(CheckoutSession.objects.values_list("status", flat=True))
        print(
            f"{sum(states.values())} sessions {dict(states)}, {len(plan)} disturbances in {stormed:.0f} s "
            f"(seed {self.options.seed}), at rest after {rested:.0f} s; {self.receiver.came} messages came; "
            f"answers {dict(sorted(self.shop.answers.items()))}"
        )
        for name in PROCESSES:
            print(f"  {name}: {dict(last_words(self.system.log(name)))}")
        for fault in found[:40]:
            print(fault)
        figure("seconds until all is at rest", rested, "s")
        is_well = figure(f"what does not hold after {len(plan)} disturbances", len(found), "", goal=most(0))
        if is_well:
            shutil.rmtree(self.system.folder, ignore_errors=True)
        else:
            print(f"The logs are in {self.system.folder}")
        return 0 if is_well else 1


def last_words(log: Path) -> Counter[str]:
    """What tracebacks of a log end with, by how often."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return Counter(re.findall(r"^((?:\w+\.)*\w*(?:Error|Exception|Exit)\b)[^\n]*", text, re.MULTILINE))


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5, trust_env=False).status_code < 500
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    sys.exit(main())
