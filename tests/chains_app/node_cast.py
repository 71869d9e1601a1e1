"""Short words for tests on a real node: a devchain with its tokens, fresh addresses, many calls in one transaction."""

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from eth_utils.address import to_checksum_address

from chains_app.evm.reader import EvmReader
from chains_app.networks.networks import network
from chains_app.reading.reader import Transfer
from chains_app.receiving.deposits import ARTIFACTS, factory_deployment
from tests.anvil import Anvil, call_data

DEVCHAIN = network("devchain")
CONTRACTS = {
    name: contract
    for file in (ARTIFACTS, ARTIFACTS.with_name("test_artifacts.json"))
    for name, contract in json.loads(file.read_text())["contracts"].items()
}
ETHER = 10**18


class Devchain:
    """A node with the tokens where the devchain's list says they are, and a reader of it."""

    def __init__(self, node: Anvil) -> None:
        self.node = node
        self.usdc = node.deploy(CONTRACTS["TestUSDC"])
        self.usdt = node.deploy(CONTRACTS["TestUSDT"])
        self.sender = node.deploy(CONTRACTS["EtherSender"])
        assert (self.usdc, self.usdt) == tuple(DEVCHAIN.assets[each].contract for each in ("USDC", "USDT"))
        self.payer = node.accounts[0]
        node.execute(self.usdc, "mint(address,uint256)", self.payer, 10**15)
        node.execute(self.usdt, "mint(address,uint256)", self.payer, 10**15)

    def reader(self) -> EvmReader:
        """A reader that has learned nothing yet."""
        return EvmReader(DEVCHAIN)

    def deploy_factory(self) -> None:
        """So that deposits can be collected."""
        call = factory_deployment()
        self.node.send(to=call.to, data=call.data)

    def pay(self, token: str, to: str, units: int) -> int:
        """The block in which it was paid."""
        return int(self.node.execute(token, "transfer(address,uint256)", to, units)["blockNumber"], 16)

    def pay_ether(self, to: str, wei: int) -> int:
        return int(self.node.send(to=to, value=wei)["blockNumber"], 16)

    def pay_from_inside(self, to: Sequence[str], wei: int) -> int:
        """Each gets that much from a contract, in one transaction."""
        receipt = self.node.execute(self.sender, "sendToMany(address[])", list(to), value=wei * len(to))
        return int(receipt["blockNumber"], 16)

    def in_one(self, calls: Sequence[tuple[str, str]]) -> int:
        """Makes several calls (contract, data) in one transaction; the block."""
        return int(self.node.send(data=caller_of(calls), gas=5_000_000)["blockNumber"], 16)

    def mint(self, token: str, to: str, units: int) -> tuple[str, str]:
        """A call for `in_one`."""
        return token, call_data("mint(address,uint256)", to, units)


def address() -> str:
    """One that nobody used before."""
    return to_checksum_address("0x" + secrets.token_hex(20))


def caller_of(calls: Sequence[tuple[str, str]]) -> str:
    """Init code that makes the calls one after the other and leaves no contract."""
    steps, data = b"", b"".join(bytes.fromhex(each[2:]) for _, each in calls)
    size = 45 * len(calls) + 1
    at = size
    for to, each in calls:
        length = len(bytes.fromhex(each[2:]))
        # CODECOPY from `at` to 0, CALL with it and no value, POP what it answered.
        steps += b"\x61" + length.to_bytes(2) + b"\x61" + at.to_bytes(2) + b"\x5f\x39"
        steps += b"\x5f\x5f\x61" + length.to_bytes(2) + b"\x5f\x5f\x73" + bytes.fromhex(to[2:]) + b"\x5a\xf1\x50"
        steps += b"\x5b" * 6
        at += length
    assert len(steps) + 1 == size, len(steps)
    return "0x" + (steps + b"\x00" + data).hex()


def seen(transfers: Sequence[Transfer]) -> list[tuple[str, str, int]]:
    """Asset, recipient and amount of each."""
    return [(each.asset, each.recipient, each.amount_units) for each in transfers]


@contextmanager
def devchain(node: Anvil | None = None, **options: object) -> Iterator[Devchain]:
    """Starts one (of anvil, or the node that is given), and points the devchain's variable at it."""
    with node or Anvil(**options) as node:
        before = os.environ.get("RPC_URL_DEVCHAIN")
        os.environ["RPC_URL_DEVCHAIN"] = node.url
        try:
            yield Devchain(node)
        finally:
            if before is None:
                del os.environ["RPC_URL_DEVCHAIN"]
            else:
                os.environ["RPC_URL_DEVCHAIN"] = before
