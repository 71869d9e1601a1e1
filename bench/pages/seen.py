"""How soon a buyer sees that they have paid: from a block's arrival to the word on the open page.

    python -m bench seen [--payments 20]

Sessions of 49 USDC on the devchain, one after the other, at the server that `make run` starts; each with its page open
in Chromium. Blocks come after one to two seconds each, at random: at even distances they would keep step with the
clock's ticks and the page's questions, and all payments be equally early or late. A word is there when it is drawn.
Goal: "Paid" within 2 s (median) of the block that confirms the payment. Exits with 1 when it is missed.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser

from bench.tools.figures import figure, most
from bench.tools.whole_server import TERMS, WholeServer, browser_of, whole_server
from checkout_project.running import devchain
from tests.abi import call_data

GOAL_SECONDS = 2.0
MOST_BLOCKS = 30
# The times, by the machine's clock, at which the page had drawn each of its states.
WATCH = """() => {
    const live = document.getElementById("live");
    window.drawn = {};
    const note = () => { window.drawn[live.dataset.state] ??= Date.now() / 1000; };
    new MutationObserver(() => requestAnimationFrame(note)).observe(live, { attributes: true });
}"""


class Node:
    """The devchain, whose blocks come when they are asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(trust_env=False, timeout=20)
        self._random = random.Random(7)
        self.ask("evm_setIntervalMining", 0)

    def ask(self, method: str, *params: object) -> Any:
        """The result of a call."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self._client.post(self.url, json=request).json()
        assert "error" not in answer, answer
        return answer["result"]

    def next_block(self) -> float:
        """When it came."""
        time.sleep(self._random.uniform(1, 2))
        self.ask("evm_mine")
        return time.time()


@contextmanager
def devchain_by_hand() -> Iterator[Node]:
    """A devchain of its own, taken down at the end."""
    program = devchain.binary()
    assert program, devchain.what_is_missing()
    with tempfile.TemporaryDirectory(prefix="tallystick-bench-") as folder:
        running = devchain.Devchain(program=program, folder=Path(folder))
        try:
            running.start()
            yield Node(running.url)
        finally:
            running.stop()


def main() -> int:
    """Prints the seconds; 1 when the goal was missed."""
    parser = argparse.ArgumentParser(description="From a block to the open page.")
    parser.add_argument("--payments", type=int, default=20)
    payments = parser.parse_args().payments
    with devchain_by_hand() as node, whole_server(RPC_URL_DEVCHAIN=node.url) as server, browser_of() as browser:
        found = [pay(server, node, browser) for _ in range(payments)]
    seen, held, confirmed = zip(*found, strict=True)
    figure("seen, after the block that holds it", seen, "s")
    figure("Paid, after the block that holds it", held, "s")
    figure("Paid at the latest, after the block that confirms it", max(confirmed), "s")
    return 0 if figure("Paid, after the block that confirms it", confirmed, "s", goal=most(GOAL_SECONDS)) else 1


def pay(server: WholeServer, node: Node, browser: Browser) -> tuple[float, float, float]:
    """Seconds from the block with the payment until the page says so, until it says "Paid", and from the last block."""
    session = server.call("POST", "checkout", TERMS)
    page = browser.new_page()
    page.route("https://shop.example/**", lambda route: route.abort())  # it is to stay
    page.goto(session["url"])
    page.locator("#pick-USDC-devchain").evaluate("button => button.click()")
    page.wait_for_selector("#live[data-state=send]")
    page.evaluate(WATCH)
    due = server.call("GET", f"checkout/sessions/{session['id']}")["payment"]
    units = int(Decimal(due["amountRemaining"]) * 10**6)
    data = call_data("transfer(address,uint256)", due["address"], units)
    node.ask("eth_sendTransaction", {"from": devchain.FAUCET, "to": devchain.TOKENS["TestUSDC"], "data": data})
    blocks = list[float]()
    while not page.evaluate("window.drawn.paid"):
        assert len(blocks) < MOST_BLOCKS, page.locator("#live").inner_text()
        blocks.append(node.next_block())
    drawn = page.evaluate("window.drawn")
    page.close()
    needed = server.call("GET", f"checkout/sessions/{session['id']}")["payments"][0]["confirmationsNeeded"]
    return min(drawn.values()) - blocks[0], drawn["paid"] - blocks[0], drawn["paid"] - blocks[needed - 1]


if __name__ == "__main__":
    sys.exit(main())
