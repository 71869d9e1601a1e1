"""System checks: a wrong networks file or RPC URL stops the start, with the network and key at fault."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

from chains_app.networks.file import NetworksFileError
from chains_app.networks.networks import Network, all_networks
from chains_app.rates.http import SourceProblem, check_address

_PREFIX = "RPC_URL_"


def check_networks(**_: Any) -> list[CheckMessage]:
    """The networks, and the environment variables that name their nodes."""
    try:
        networks = all_networks()
    except NetworksFileError as error:
        where = settings.NETWORKS_FILE or "networks.toml"
        return [Error(problem, hint=f"Correct it in {where}.", id="chains_app.E001") for problem in error.problems]
    known = {each.rpc_variable: each for each in networks.values() if each.has_nodes}
    return [*_unknown_variables(known), *(fault for each in known.values() for fault in _url_faults(each))]


def _unknown_variables(known: dict[str, Network]) -> Iterator[CheckMessage]:
    for name in sorted(os.environ):
        if name.startswith(_PREFIX) and name not in known and name.removesuffix("_FILE") not in known:
            yield Error(
                f"{name} names no network that is known.",
                hint=f"Known are {', '.join(sorted(known))}; NETWORKS_FILE adds others.",
                id="chains_app.E002",
            )


def _url_faults(network: Network) -> Iterator[CheckMessage]:
    try:
        urls = network.rpc_urls
    except OSError as error:
        yield Error(f"{network.rpc_variable}_FILE cannot be read: {error.strerror}.", id="chains_app.E003")
        return
    for position, url in enumerate(urls, start=1):
        if not is_node_url(url):
            # The URL may hold a key, so it is named by its place and not shown.
            yield Error(
                f"{network.rpc_variable}: URL number {position} is not of the form https://host/path.",
                hint="Give http(s) URLs of JSON-RPC nodes, separated by commas.",
                id="chains_app.E003",
            )


def is_node_url(url: str) -> bool:
    """Whether it is an http(s) URL with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False


def check_rate_sources(**_: Any) -> list[CheckMessage]:
    """The addresses that rates are asked of."""
    return [fault for name in ("COINBASE_URL", "KRAKEN_URL") for fault in _source_faults(name, getattr(settings, name))]


def _source_faults(name: str, url: str) -> Iterator[CheckMessage]:
    try:
        check_address(url or "https://switched.off")
    except SourceProblem as problem:
        yield Error(f"{name} {problem}.", hint="Give https://…, or leave it empty to do without.", id="chains_app.E004")
