"""What 20,000 foreign events of the factory in every block cost the reading of a network: at most half as much again.

    python -m bench foreign_events             # 20 quiet blocks, 20 with the flood

A real node with a proxy in front that adds the events where they are asked for. Each block is followed as the watcher
does it, with 1,000 addresses watched, ten of which have been collected before. Fails above 1.5 times a quiet block.
"""

import argparse
import os
import sys
import time
from statistics import median
from typing import Any

from django.conf import settings

from bench.chains.reader import addresses
from bench.tools.figures import figure, most

WATCHED, COLLECTED = 1_000, 10
MOST = 1.5


def main() -> int:
    """Prints seconds and calls a block, quiet and flooded."""
    parser = argparse.ArgumentParser(description="What foreign events cost.")
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--events", type=int, default=20_000)
    asked = parser.parse_args()
    settings.configure(NETWORKS_FILE="")
    from tests.anvil import Anvil
    from tests.faulty_proxy import FaultyProxy

    with Anvil(mine_by_hand=True) as node, FaultyProxy(upstream=node.url) as proxy:
        os.environ["RPC_URL_DEVCHAIN"] = proxy.url
        node.mine(30)
        for each in addresses(COLLECTED):
            node.rpc("anvil_setCode", [each, "0x00"])  # as after a collection
        quiet = follow(node, proxy, blocks=asked.blocks, events=0)
        flooded = follow(node, proxy, blocks=asked.blocks, events=asked.events)
    what, floor = f"a block with {asked.events:,} foreign events", "a quiet block"
    return 0 if figure(what, flooded, "s", ratio=flooded / quiet, floor=floor, goal=most(MOST)) else 1


def follow(node: Any, proxy: Any, *, blocks: int, events: int) -> float:
    """The median of seconds a block took."""
    from chains_app.evm.reader import EvmReader
    from chains_app.networks.networks import network
    from tests.faulty_proxy import junk_collections

    reader, watched, spent = EvmReader(network("devchain")), frozenset(addresses(WATCHED)), []
    for _ in range(blocks):
        node.mine()
        newest = node.rpc("eth_getBlockByNumber", ["latest", False])
        number = int(newest["number"], 16)
        proxy.lists(junk_collections(block=number, block_hash=newest["hash"], number=events))
        began = time.perf_counter()
        reader.head()
        reader.transfers(watched, number, number)
        reader.block(number)
        spent.append(time.perf_counter() - began)
    return median(spent)


if __name__ == "__main__":
    sys.exit(main())
