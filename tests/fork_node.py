"""A node that knows forks which anvil does not: `with ForkNode("amsterdam") as node`. Its methods: fork_node.mjs."""

from pathlib import Path

from tests.anvil import Anvil

_SCRIPT = Path(__file__).with_name("fork_node.mjs")


class ForkNode(Anvil):
    """Each transaction is mined at once, in a block of its own."""

    def __init__(self, fork: str) -> None:
        super().__init__()
        self._fork = fork

    def _command(self) -> list[str]:
        return ["node", str(_SCRIPT), str(self.port), self._fork]

    def set_fork(self, fork: str) -> None:
        """From the next block on."""
        self.rpc("fork_set", [fork])
