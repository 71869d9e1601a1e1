"""What one address of a network holds and received, however long ago: for those who look for money again."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from chains_app.evm.exchange import RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.reader import EvmReader
from chains_app.evm.values import number_of
from chains_app.networks.networks import Network
from chains_app.reading.reader import Doubt, Reader, ReaderUnavailable, Transfer
from chains_app.sandbox.reader import SandboxReader

_BALANCE_OF = "0x70a08231"  # selector


class Held(NamedTuple):
    """Base units by asset, at a block; and whether anything can have been taken out before, since code is there."""

    units: dict[str, int]
    has_code: bool


class Search:
    """An address on a network. What its nodes fail at makes nobody else wait."""

    def __init__(self, network: Network, address: str) -> None:
        self._network, self._address = network, address
        self._reader = _reader(network)

    def held(self, block: int) -> Held | None:
        """What the address has at the block; None where nobody can say. Raises ReaderUnavailable, WrongChain."""
        if not isinstance(self._reader, EvmReader):
            return None
        tag = hex(block)
        assets = list(self._network.assets.values())
        calls = [Call("eth_getCode", (self._address, tag))]
        for asset in assets:
            data = _BALANCE_OF + self._address[2:].lower().rjust(64, "0")
            calls.append(
                Call("eth_call", ({"to": asset.contract, "data": data}, tag))
                if asset.contract
                else Call("eth_getBalance", (self._address, tag))
            )

        def ask(node: Node) -> Held:
            code, *amounts = node.batch(calls)
            if isinstance(code, RpcError):
                raise code
            said = zip(assets, amounts, strict=True)
            # A token that is not deployed has no balances: it answers nothing.
            units = {each.symbol: number_of(amount, node) for each, amount in said if amount != "0x"}
            return Held(units, has_code=code not in {"0x", "0x0"})

        return self._reader.nodes.ask(ask)

    def keeps_balances(self, block: int) -> bool:
        """Whether what the address had at the block can still be asked for. Raises ReaderUnavailable, WrongChain."""
        if not isinstance(self._reader, EvmReader):
            return True
        call = Call("eth_getBalance", (self._address, hex(block)))
        return self._reader.nodes.ask(lambda node: not isinstance(node.batch([call])[0], RpcError))

    def first_block_since(self, moment: datetime, *, upto: int) -> int:
        """The first block that is not older. Raises ReaderUnavailable, WrongChain."""
        low, high = 0, upto
        while low < high:
            middle = (low + high) // 2
            block = self._reader.block(middle)
            if block is None:
                raise ReaderUnavailable(f"{self._network.name}: block {middle} cannot be had.")
            low, high = (low, middle) if block.time >= moment else (middle + 1, high)
        return low

    def transfers(
        self, assets: Collection[str], first: int, last: int, *, owner_may_spend: bool, doubts: list[Doubt]
    ) -> Sequence[Transfer]:
        """What came in these assets in these blocks. Raises ReaderUnavailable, WrongChain."""
        listed = {symbol: asset for symbol, asset in self._network.assets.items() if symbol in assets}
        reader = _reader(replace(self._network, assets=listed))
        one = frozenset([self._address])
        return reader.transfers(one, first, last, wallets=one if owner_may_spend else frozenset(), doubts=doubts)


def _reader(network: Network) -> Reader:
    return EvmReader(network, others_first=True) if network.kind == "evm" else SandboxReader(network)
