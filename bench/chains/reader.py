"""How much reading a chain costs: RPC calls, HTTP requests, seconds and memory per block, by watched addresses.

    python -m bench reader                     # 10, 1,000 and 100,000 addresses, 24 blocks of 500 transfers
    python -m bench reader --blocks 6 --watched 10 100000

Runs a real node (anvil, see package.json) on loopback with 300 token and 200 ether transfers in each block, 10 of
them to watched addresses, and reads the blocks one by one as the watcher does: head (which names the block last
read), the transfers, and the block's hash again. Each number of addresses runs in a process of its own, so that its
memory is its own. Afterwards another reader reads all of it again, twice, as the second and the third reading do; what
that costs is counted to each block. They read as many blocks at once as there are here; the real ones read 60 and 500
of two seconds, where so many addresses are watched. `seconds` has the node's time in it, `own cpu` has not. Fails when
a transfer was missed, or when a block took longer than the two seconds in which the next one comes.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from eth_utils.address import to_checksum_address

from bench.tools.figures import figure, most

ROOT = Path(__file__).resolve().parents[2]
TRANSFERS, TOKEN_TRANSFERS, OURS = 500, 300, 10
BLOCK_SECONDS = 2.0
SETTLING = 23


def main() -> int:
    """Tells what each number of addresses costs."""
    parser = argparse.ArgumentParser(description="What reading a chain costs.")
    parser.add_argument("--blocks", type=int, default=24, help="a second reading has 60 where many are watched")
    parser.add_argument("--watched", type=int, nargs="+", default=[10, 1_000, 100_000])
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(read(**asked.child)))
        return 0
    return measure(blocks=asked.blocks, watched=asked.watched)


def measure(*, blocks: int, watched: list[int]) -> int:
    from tests.anvil import Anvil

    with Anvil(mine_by_hand=True) as node:
        first = fill(node, blocks)
        print(f"{blocks} blocks of {TRANSFERS} transfers, {OURS} of them to watched addresses")
        worst = 0.0
        for number in watched:
            child = {"url": node.url, "first": first, "blocks": blocks, "watched": number}
            done = subprocess.run(
                [sys.executable, "-m", "bench.chains.reader", "--child", json.dumps(child)],
                cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            if done.returncode:
                print(done.stderr[-2000:])
                return 1
            seen = json.loads(done.stdout)
            worst = max(worst, seen["seconds"])
            of = f"of {number:,} addresses"
            figure(f"a block {of}", seen["seconds"], "s", goal=most(BLOCK_SECONDS))
            figure(f"its own cpu, {of}", seen["cpu"], "s a block")
            figure(f"calls, {of}", seen["calls"], "a block")
            figure(f"memory, {of}", seen["memory"], "MB")
            if seen["found"] != OURS * blocks:
                print(f"missed {OURS * blocks - seen['found']} transfers")
                return 1
    return 0 if worst < BLOCK_SECONDS else 1


def fill(node: Any, blocks: int) -> int:
    """Deploys a token where the devchain's list says it is, and mines the blocks; the first one's number."""
    from chains_app.evm.json_rpc import Call, Node
    from tests.anvil import call_data

    artifact = json.loads((ROOT / "chains_app/contracts/test_artifacts.json").read_text())["contracts"]["TestUSDC"]
    created = node.post(data=artifact["bytecode"])
    node.mine()
    token = node.receipt(created)["contractAddress"]
    node.post(to=token, data=call_data("mint(address,uint256)", node.accounts[0], 10**15))
    node.mine()
    node.mine(SETTLING)
    first = node.head() + 1
    ours, others = addresses(OURS), random.Random(7)
    for _ in range(blocks):
        sent: list[dict[str, str]] = []
        for number in range(TRANSFERS):
            to = ours[number // 50] if number % 50 == 0 else "0x" + others.randbytes(20).hex()
            if number < TOKEN_TRANSFERS:
                data = call_data("transfer(address,uint256)", to, number + 1)
                sent.append({"to": token, "data": data, "gas": hex(100_000)})
            else:
                sent.append({"to": to, "value": hex(number + 1), "gas": hex(21_000)})
        calls = [Call("eth_sendTransaction", ({"from": node.accounts[0], **each},)) for each in sent]
        assert not [each for each in Node(node.url).batch(calls) if not isinstance(each, str)]
        node.mine()
        mined = len(node.rpc("eth_getBlockByNumber", ["latest", False])["transactions"])
        assert mined == TRANSFERS, f"{mined} transactions in the block"
    return first


def addresses(number: int) -> list[str]:
    """The same ones in every process; the first few are those that are paid."""
    source = random.Random(1)
    return [to_checksum_address("0x" + source.randbytes(20).hex()) for _ in range(number)]


def read(*, url: str, first: int, blocks: int, watched: int) -> dict[str, float]:
    """Follows the blocks with this many watched addresses; the averages a block."""
    settings.configure(NETWORKS_FILE="")
    os.environ["RPC_URL_DEVCHAIN"] = url
    from chains_app.evm.known import Known
    from chains_app.evm.reader import EvmReader
    from chains_app.networks.networks import network

    ours = frozenset(addresses(watched))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    known = Known()
    reader = EvmReader(network("devchain"), known=known)
    node = reader.nodes.all[0]
    for number in range(first - SETTLING, first):  # settles in: a round of the sweep, of empty blocks
        reader.transfers(ours, number, number)
    node.calls = node.requests = 0
    found: set[tuple[str, int]] = set()
    spent, cpu = [], time.process_time()
    for number in range(first, first + blocks):
        began = time.perf_counter()
        reader.head()
        # A new set each time, as the watcher loads it anew.
        seen = reader.transfers(frozenset(list(ours)), number, number)
        reader.block(number)
        spent.append(time.perf_counter() - began)
        found |= {(each.tx_hash, each.log_index) for each in seen}
    followed = node.calls
    began, again = time.perf_counter(), EvmReader(network("devchain"), others_first=True, known=known)
    for _ in range(2):
        told = again.transfers(frozenset(list(ours)), first, first + blocks - 1)
        assert found <= {(each.tx_hash, each.log_index) for each in told}, "the second reading found less"
    later = time.perf_counter() - began
    return {
        "followed": followed / blocks,
        "calls": (node.calls + again.nodes.all[0].calls) / blocks,
        "requests": (node.requests + again.nodes.all[0].requests) / blocks,
        "seconds": (sum(spent) + later) / blocks,
        "slowest": max(spent),
        "cpu": (time.process_time() - cpu) / blocks,
        "memory": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
        "found": len(found),
    }


if __name__ == "__main__":
    sys.exit(main())
