"""What one address of a network holds and received, however long ago: for those who look for money again."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from chains_app.calls.readers import limits_of
from chains_app.evm.contract_calls import balance_of, has_code
from chains_app.evm.exchange import RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.reader import EvmReader
from chains_app.evm.values import number_of
from chains_app.networks.networks import Network
from chains_app.reading.reader import Doubt, Reader, ReaderUnavailable, Transfer
from chains_app.sandbox.reader import SandboxReader


class Held(NamedTuple):
    """Base units by asset, at a block; and whether anything can have been taken out before, since code is there."""

    units: dict[str, int]
    has_code: bool


class Search:
    """An address on a network. What its nodes fail at makes nobody else wait."""

    def __init__(self, network: Network, address: str) -> None:
        self._network, self._address = network, address
        self._readers: dict[frozenset[str], Reader] = {}  # by the assets that they look for
        self._reader = self._reader_of(network.assets)

    def head(self) -> int:
        """The newest block. Raises ReaderUnavailable, WrongChain."""
        return self._reader.head().number

    def held(self, block: int) -> Held | None:
        """What the address has at the block; None where nobody can say. Raises ReaderUnavailable, WrongChain."""
        if not isinstance(self._reader, EvmReader):
            return None
        tag = hex(block)
        assets = list(self._network.assets.values())
        calls = [Call("eth_getCode", (self._address, tag))]
        for asset in assets:
            calls.append(
                balance_of(asset.contract, self._address, tag)
                if asset.contract
                else Call("eth_getBalance", (self._address, tag))
            )

        def ask(node: Node) -> Held:
            code, *amounts = node.batch(calls)
            is_contract = has_code(code, node)
            said = zip(assets, amounts, strict=True)
            # A token that is not deployed has no balances: it answers nothing.
            units = {each.symbol: number_of(amount, node) for each, amount in said if amount != "0x"}
            return Held(units, has_code=is_contract)

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
        one = frozenset([self._address])
        wallets = one if owner_may_spend else frozenset()
        return self._reader_of(assets).transfers(one, first, last, wallets=wallets, doubts=doubts)

    def _reader_of(self, assets: Collection[str]) -> Reader:
        """Kept, with what it learns; of its nodes' limits it knows what everybody does."""
        key = frozenset(assets)
        if key not in self._readers:
            listed = {symbol: asset for symbol, asset in self._network.assets.items() if symbol in key}
            network = replace(self._network, assets=listed)
            self._readers[key] = (
                EvmReader(network, others_first=True, limits=limits_of(self._network))
                if network.has_nodes
                else SandboxReader(network)
            )
        return self._readers[key]
