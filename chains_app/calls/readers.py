"""The reader of each network, and the question whether its nodes are those of the network."""

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache

from chains_app.calls.known_limits import take_over
from chains_app.evm.known import Known
from chains_app.evm.limits import Limits
from chains_app.evm.nodes import Nodes
from chains_app.evm.reader import EvmReader
from chains_app.networks.networks import Network, enabled_networks
from chains_app.reading.reader import Reader, WrongChain
from chains_app.sandbox.reader import SandboxReader
from common.modes import Mode


def reader_for(network: Network) -> Reader:
    """A reader for the network: the same one as long as the URLs of its nodes stay the same."""
    if network.is_played:
        return SandboxReader(network)
    return _evm_reader(_ByUrls(network))


def second_reader_for(network: Network) -> Reader:
    """Another reader of the network, that asks its other nodes first. Their failures do not hold up the first."""
    if network.is_played:
        return SandboxReader(network)
    return _second_evm_reader(_ByUrls(network))


def nodes_for(network: Network) -> Nodes:
    """The nodes of a network, for other questions than its reader's: what they fail at must not make that one wait."""
    return _nodes(_ByUrls(network))


def limits_of(network: Network) -> Mapping[str, Limits]:
    """What this process knows of the network's nodes, by URL; all that ask them know the same.

    It begins with what the database has of them: a page need not find out anew what they refuse.
    """
    return _limits(_ByUrls(network))


def verify_networks(networks: Iterable[Network] | None = None) -> None:
    """Asks every node of the (enabled) networks which chain it belongs to. To be called when a watcher starts.

    Raises WrongChain, naming every network and node at fault. A node that cannot be reached is no fault: it may come.
    """
    faults = []
    for network in [each for mode in Mode for each in enabled_networks(mode)] if networks is None else networks:
        if network.has_nodes:
            try:
                Nodes(network).verify()  # without what the database knows of them: a start needs none
            except WrongChain as fault:
                faults.append(str(fault))
    if faults:
        raise WrongChain(" ".join(faults))


class _ByUrls:
    """A network as a key of the cache: equal while it and its nodes' URLs are, in one process.

    A process that was forked must not use the connections of its parent.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._urls = network.rpc_urls, os.getpid()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByUrls) and (self.network, self._urls) == (other.network, other._urls)

    def __hash__(self) -> int:
        return hash((self.network.id, self._urls))


@lru_cache(maxsize=64)
def _limits(key: _ByUrls) -> Mapping[str, Limits]:
    known = {url: Limits() for url in key.network.rpc_urls}
    take_over(key.network.id, known)
    return known


@lru_cache(maxsize=64)
def _known(key: _ByUrls) -> Known:  # noqa: ARG001  (one for each)
    return Known()


@lru_cache(maxsize=64)
def _evm_reader(key: _ByUrls) -> EvmReader:
    return EvmReader(key.network, limits=_limits(key), known=_known(key))


@lru_cache(maxsize=64)
def _second_evm_reader(key: _ByUrls) -> EvmReader:
    return EvmReader(key.network, others_first=True, limits=_limits(key), known=_known(key))


@lru_cache(maxsize=64)
def _nodes(key: _ByUrls) -> Nodes:
    return Nodes(key.network, limits=_limits(key))
