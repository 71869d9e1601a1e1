"""What is wrong with the networks, the variables that name their nodes, and where rates are asked.

Looked for while the settings are read: a wrong file or URL stops whatever starts, with the network and key at fault.
"""

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from chains_app.networks.file import NetworksFileError
from chains_app.networks.networks import Network, networks_of
from chains_app.rates.http import SourceProblem, check_address

_PREFIX = "RPC_URL_"


class Fault(NamedTuple):
    """Of one variable, with what would be right."""

    variable: str
    right: str


def environment_faults(networks_file: str, sources: Mapping[str, str]) -> Iterator[Fault]:
    """All of them."""
    yield from network_faults(networks_file)
    yield from source_faults(sources)


def network_faults(networks_file: str) -> Iterator[Fault]:
    """Of NETWORKS_FILE and each RPC_URL_…."""
    try:
        networks = networks_of(networks_file)
    except NetworksFileError as error:
        yield from (Fault("NETWORKS_FILE", problem.removeprefix("NETWORKS_FILE: ")) for problem in error.problems)
        return
    known = {each.rpc_variable: each for each in networks.values() if each.has_nodes}
    yield from _unknown_variables(known)
    for each in known.values():
        yield from _url_faults(each)


def source_faults(sources: Mapping[str, str]) -> Iterator[Fault]:
    """Of the addresses that rates are asked of, by their variables; an empty one is switched off."""
    for name, url in sources.items():
        try:
            check_address(url or "https://switched.off")
        except SourceProblem as problem:
            yield Fault(name, f"It {problem}. Give https://…, or leave it empty to do without.")


def _unknown_variables(known: dict[str, Network]) -> Iterator[Fault]:
    for name in sorted(os.environ):
        if name.startswith(_PREFIX) and name not in known and name.removesuffix("_FILE") not in known:
            known_ones = ", ".join(sorted(known))
            yield Fault(name, f"It names no network that is known. Known are {known_ones}; NETWORKS_FILE adds others.")


def _url_faults(network: Network) -> Iterator[Fault]:
    try:
        urls = network.rpc_urls
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        yield Fault(f"{network.rpc_variable}_FILE", f"This file cannot be read: {reason}.")
        return
    for position, url in enumerate(urls, start=1):
        if not is_node_url(url):
            # The URL may hold a key, so it is named by its place and not shown.
            yield Fault(
                network.rpc_variable,
                f"URL number {position} is not of the form https://host/path. Give http(s) URLs of JSON-RPC nodes, "
                "separated by commas.",
            )


def is_node_url(url: str) -> bool:
    """Whether it is an http(s) URL with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False
