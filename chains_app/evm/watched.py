"""The watched addresses, arranged for looking them up."""

from collections.abc import Sequence
from functools import cached_property, lru_cache


class Watched:
    """A set of checksummed addresses."""

    def __init__(self, addresses: frozenset[str]) -> None:
        self.by_lower = {address.lower(): address for address in addresses}
        self._turns: dict[int, dict[int, list[str]]] = {}

    def __len__(self) -> int:
        return len(self.by_lower)

    def find(self, address: object) -> str | None:
        """The watched address that a node wrote in this way."""
        return self.by_lower.get(address.lower()) if isinstance(address, str) else None

    def find_topic(self, topic: object) -> str | None:
        """The watched address that a log's topic holds."""
        return self.find("0x" + topic[-40:]) if isinstance(topic, str) and len(topic) == 66 else None

    @cached_property
    def topics(self) -> list[str]:
        """All of them as topics of a log filter."""
        return ["0x" + address[2:].rjust(64, "0") for address in sorted(self.by_lower)]

    @cached_property
    def all(self) -> list[str]:
        """All of them, in an order that stays."""
        return sorted(self.by_lower.values())

    def turn(self, block: int, of: int) -> Sequence[str]:
        """Those whose balance it is the turn of in this block, when everyone's turn comes every `of` blocks."""
        turns = self._turns.get(of)
        if turns is None:
            turns = self._turns[of] = self._arranged(of)
        return turns.get(block % of, ())

    def _arranged(self, of: int) -> dict[int, list[str]]:
        """Whole before anybody sees it: several networks, each in a thread of its own, share one set."""
        turns: dict[int, list[str]] = {}
        for address in self.all:
            turns.setdefault(int(address[-6:], 16) % of, []).append(address)
        return turns


@lru_cache(maxsize=2)
def watched(addresses: frozenset[str]) -> Watched:
    """Arranging a hundred thousand takes a moment; they are mostly the same from one block to the next."""
    return Watched(addresses)
