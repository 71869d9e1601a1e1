"""Networks, their assets, and what can be paid with in a mode. The data is in networks.toml."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from django.conf import settings

from chains_app.networks.coins import ETHER_LOGGER
from chains_app.networks.file import AssetTable, NetworkTable, read_tables
from common.modes import Mode

# Which of a network's confirmations an amount needs, by its worth in USD.
SMALL_BELOW = Decimal(100)
NORMAL_BELOW = Decimal(10_000)


class UnknownNetwork(KeyError):
    """No network has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransfers:
    """What a token's contract calls itself where it takes transfers that its holders only sign (EIP-3009, EIP-712)."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """Something to pay with. Without a contract it is the network's own coin."""

    symbol: str
    name: str
    decimals: int
    display_decimals: int
    contract: str | None
    peg: str | None  # the currency that a stablecoin promises to be worth one of
    minimum: Decimal | None = None  # prices below this much of the asset are not taken in it
    maximum: Decimal | None = None  # nor above this much
    signed_transfers: SignedTransfers | None = None  # None: the contract takes none

    @property
    def is_native(self) -> bool:
        """Whether it is the network's own coin."""
        return self.contract is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmations:
    """Blocks until a payment is final enough, counting its own: below 100, below 10,000, above (USD)."""

    small: int
    normal: int
    large: int

    def for_worth(self, value_in_usd: Decimal) -> int:
        """Blocks that a payment of this worth needs, its own block counted."""
        if value_in_usd < SMALL_BELOW:
            return self.small
        return self.normal if value_in_usd < NORMAL_BELOW else self.large


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A chain that assets move on."""

    id: str
    name: str
    kind: Literal["evm", "sandbox"]
    mode: Mode
    chain_id: int | None
    block_seconds: float
    confirmations: Confirmations
    explorer: str | None
    assets: Mapping[str, Asset]
    feeds: Mapping[str, str]  # 'ETH/USD' → address of the price feed's contract
    coin_logs_from: int | None = None  # the block from which on transfers of its coin are logged (EIP-7708)
    public_rpc_urls: tuple[str, ...] = ()  # nodes that a buyer's wallet may be given, if it does not know the network
    paymaster: str | None = None  # pays the network's fee for smart wallets that ask for one (ERC-7677); public

    @property
    def rpc_variable(self) -> str:
        """Name of the environment variable that holds the URLs of its nodes."""
        return "RPC_URL_" + self.id.upper().replace("-", "_")

    @property
    def rpc_urls(self) -> tuple[str, ...]:
        """URLs of its nodes, the operator's favourite first. They may hold keys: never log or show them."""
        return tuple(part.strip() for part in _variable(self.rpc_variable).split(",") if part.strip())

    @property
    def is_enabled(self) -> bool:
        """The sandbox always; a real chain when the operator has named a node."""
        return self.is_played or bool(self.rpc_urls)

    @property
    def has_nodes(self) -> bool:
        """Whether it is a real chain, which nodes are asked about."""
        return self.kind == "evm"

    @property
    def is_played(self) -> bool:
        """Whether its chain is played, by rows of our own."""
        return self.kind == "sandbox"

    @property
    def caip2(self) -> str | None:
        """What other programs call it (CAIP-2): 'eip155:8453'; None for the sandbox."""
        return None if self.chain_id is None else f"eip155:{self.chain_id}"

    @property
    def native(self) -> Asset | None:
        """The network's own coin, if it is listed."""
        return next((asset for asset in self.assets.values() if asset.is_native), None)

    def symbols_by_logger(self, *, upto: int) -> dict[str, str]:
        """Whose transfer logs count in blocks up to this: what they move, by the logger's address in small letters."""
        found = {asset.contract.lower(): asset.symbol for asset in self.assets.values() if asset.contract}
        if self.native and self.coin_logs_from is not None and upto >= self.coin_logs_from:
            found[ETHER_LOGGER.lower()] = self.native.symbol
        return found

    def explorer_link(self, *, tx_hash: str, log_index: int, recipient: str) -> str | None:
        """Where a human sees a transfer; None without an explorer.

        Money from inside a contract (log_index -2) has no transaction of its own: its address is shown.
        """
        return self.address_link(recipient) if log_index == -2 else self.transaction_link(tx_hash)

    def transaction_link(self, tx_hash: str) -> str | None:
        """Where a human sees a transaction; None without an explorer."""
        return f"{self.explorer.rstrip('/')}/tx/{tx_hash}" if self.explorer else None

    def address_link(self, address: str) -> str | None:
        """Where a human sees what an address has; None without an explorer."""
        return f"{self.explorer.rstrip('/')}/address/{address}" if self.explorer else None


@dataclass(frozen=True, slots=True)
class PaymentOption:
    """An asset on a network."""

    network: Network
    asset: Asset


def all_networks() -> Mapping[str, Network]:
    """Every known network by id, enabled or not. Raises NetworksFileError when NETWORKS_FILE is wrong."""
    return networks_of(settings.NETWORKS_FILE)


def known_symbol(text: str) -> str:
    """The symbol as it is listed, however its letters were written; what is not listed stays as it is."""
    spelled = {symbol.upper(): symbol for each in all_networks().values() for symbol in each.assets}
    return spelled.get(text.upper(), text)


def network(network_id: str) -> Network:
    """Raises UnknownNetwork."""
    try:
        return all_networks()[network_id]
    except KeyError:
        raise UnknownNetwork(network_id) from None


def enabled_networks(mode: Mode | str) -> tuple[Network, ...]:
    """The mode's networks that can be paid on, in the file's order."""
    return tuple(_enabled(mode))


def chain_networks(mode: Mode | str) -> tuple[Network, ...]:
    """Those of them that are real chains."""
    return tuple(each for each in enabled_networks(mode) if each.has_nodes)


def can_be_paid(mode: Mode | str) -> bool:
    """Whether the mode has a network that can be paid on."""
    return next(_enabled(mode), None) is not None


def payment_options(mode: Mode | str) -> tuple[PaymentOption, ...]:
    """Every asset on every enabled network of the mode."""
    return tuple(PaymentOption(each, asset) for each in enabled_networks(mode) for asset in each.assets.values())


def option(*, mode: Mode | str, asset: str, network: str) -> PaymentOption | None:
    """The asset on the network, if the mode has it."""
    wanted = (network, asset)
    return next((o for o in payment_options(mode) if (o.network.id, o.asset.symbol) == wanted), None)


def find_option(network_id: str, asset: str) -> PaymentOption | None:
    """The asset on the network, enabled or not; None when the networks no longer list it."""
    found = all_networks().get(network_id)
    return PaymentOption(found, found.assets[asset]) if found and asset in found.assets else None


def _enabled(mode: Mode | str) -> Iterator[Network]:
    return (each for each in all_networks().values() if each.mode == mode and each.is_enabled)


@lru_cache(maxsize=8)
def networks_of(extra: str) -> Mapping[str, Network]:
    """The same, with the file at `extra` (may be empty): for the settings, which are not there yet."""
    return MappingProxyType({name: _network(name, table) for name, table in read_tables(extra).items()})


def _network(network_id: str, table: NetworkTable) -> Network:
    return Network(
        id=network_id,
        name=table.name,
        kind=table.kind,
        mode=Mode(table.mode),
        chain_id=table.chain_id,
        block_seconds=table.block_seconds,
        confirmations=Confirmations(**dict(table.confirmations)),
        explorer=table.explorer,
        assets=MappingProxyType({symbol: _asset(symbol, each) for symbol, each in table.assets.items()}),
        feeds=MappingProxyType(table.feeds),
        coin_logs_from=table.coin_logs_from,
        public_rpc_urls=tuple(table.public_rpc_urls),
        paymaster=table.paymaster,
    )


def _asset(symbol: str, table: AssetTable) -> Asset:
    # Two decimals of a dollar can be typed without a slip; the sixth of ether is worth less than a cent.
    usual = min(table.decimals, 2 if table.peg else 6)
    return Asset(
        symbol=symbol,
        name=table.name or symbol,
        decimals=table.decimals,
        display_decimals=usual if table.display_decimals is None else table.display_decimals,
        contract=table.contract,
        peg=table.peg,
        minimum=table.minimum,
        maximum=table.maximum,
        signed_transfers=SignedTransfers(**dict(table.eip3009)) if table.eip3009 else None,
    )


def _variable(name: str) -> str:
    """The variable, or the content of the file named by NAME_FILE; an RPC URL often holds a key."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, "")
