"""The border from which on a network logs the transfers of its coin (EIP-7708).

From that block on they are read like a token's, in the same filter (`evm/logs.py`): each has a transaction and a place
of its own, and nothing is left to balances, sweeps and traces. A block is read in one way only. The value of a
transaction itself is named alike in both.
"""

from chains_app.evm.blocks import LastBlocks
from chains_app.evm.coin.native import Reading, native_transfers, sweep_blocks
from chains_app.evm.json_rpc import Node
from chains_app.evm.watched import Watched
from chains_app.networks.networks import Network
from chains_app.reading.reader import FROM_INSIDE, Doubt, Transfer


def unlogged_transfers(
    node: Node,
    network: Network,
    watched: Watched,
    first: int,
    last: int,
    *,
    memory: LastBlocks,
    doubts: list[Doubt],
    balances_tell: bool = True,
) -> list[Transfer]:
    """Transfers of the coin to watched addresses in those of these blocks in which no log tells of them."""
    border = network.coin_logs_from
    unlogged_to = last if border is None else min(last, border - 1)
    found: list[Transfer] = []
    if first <= unlogged_to:
        found = native_transfers(
            node, network, watched, first, unlogged_to, memory=memory, doubts=doubts, balances_tell=balances_tell
        )
    if border is not None and first <= border <= last and memory.turns_are_open:
        found += _last_turns(node, network, watched, border, memory=memory, doubts=doubts)
    return found


def _last_turns(
    node: Node, network: Network, watched: Watched, border: int, *, memory: LastBlocks, doubts: list[Doubt]
) -> list[Transfer]:
    """What came from inside contracts before the border to those whose turn of the sweep would have come behind it."""
    if network.native is None or border == 1:
        return []
    reading = Reading(node, network.id, network.native.symbol, watched, memory, doubts)
    since = max(1, border - sweep_blocks(network))
    came = reading.by_balance(watched.all, since, border - 1, unread_from=border)
    memory.turns_are_open = False
    return [each for each in came if each.log_index == FROM_INSIDE]
