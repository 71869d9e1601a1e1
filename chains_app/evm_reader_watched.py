"""The watched addresses, arranged for looking them up."""

from collections.abc import Sequence
from functools import cached_property, lru_cache


class Watched:
    """A set of checksummed addresses."""

    def __init__(self, addresses: frozenset[str]) -> None:
        self.by_lower = {address.lower(): address for address in addresses}

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
        if self._turns_of != of:
            self._turns = {}
            for address in self.all:
                self._turns.setdefault(int(address[-6:], 16) % of, []).append(address)
            self._turns_of = of
        return self._turns.get(block % of, [])

    _turns_of = 0
    _turns: dict[int, list[str]] = {}


@lru_cache(maxsize=2)
def watched(addresses: frozenset[str]) -> Watched:
    """Arranging a hundred thousand takes a moment; they are mostly the same from one block to the next."""
    return Watched(addresses)
