"""`manage.py check_networks`: whether each node's chain is the one that the networks' file describes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chains_app.calls.node_check import Verdict, check_node
from chains_app.networks.networks import Network, all_networks

_DIFFERS, _UNASKED = 1, 2


class Command(BaseCommand):
    """Ends with 1 when something differs, with 2 when all that could be asked is right but some node could not be."""

    help = (
        "Asks each node for its chain's number, and for code, decimals and symbol of each listed token. "
        "See docs/networks.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Without arguments: all networks that have a node."""
        parser.add_argument(
            "networks", nargs="*", metavar="network", help="ids of networks; all with a node if left out"
        )
        parser.add_argument("--node", help="URL of a node to ask instead of those of RPC_URL_…; names one network only")

    def handle(self, *_args: Any, **options: Any) -> None:
        """A line for each node, and one for each difference."""
        asked = list(self._asked(options["networks"], options["node"]))
        if not asked:
            raise CommandError("No network has a node. Set RPC_URL_…, or name a network and give --node.")
        verdicts = [self._told(network, check_node(network, url)) for network, url in asked]
        differences = sum(len(verdict.differences) for verdict in verdicts)
        unasked = sum(bool(verdict.problem) for verdict in verdicts)
        if differences:
            raise CommandError(f"Differences: {differences}. Nothing must be sold there.", returncode=_DIFFERS)
        if unasked:
            raise CommandError(f"Nodes that could not be asked: {unasked}.", returncode=_UNASKED)

    def _asked(self, ids: list[str], node: str | None) -> list[tuple[Network, str]]:
        networks = all_networks()
        if unknown := [name for name in ids if name not in networks or not networks[name].has_nodes]:
            known = ", ".join(name for name, each in networks.items() if each.has_nodes)
            raise CommandError(f"{', '.join(unknown)}: no such network. Known are {known}.")
        if node and len(ids) != 1:
            raise CommandError("--node belongs to one network: name it.")
        chosen = [networks[name] for name in ids] or [each for each in networks.values() if each.has_nodes]
        return [(each, url) for each in chosen for url in ([node] if node else each.rpc_urls)]

    def _told(self, network: Network, verdict: Verdict) -> Verdict:
        where = f"{network.id} at {verdict.host}"
        for difference in verdict.differences:
            self.stdout.write(f"{where}: {difference}")
        if verdict.problem:
            self.stdout.write(f"{where}: not asked. {verdict.problem}")
        elif not verdict.differences:
            self.stdout.write(f"{where}: chain {network.chain_id}, {' '.join(network.assets)} as listed.")
        return verdict
