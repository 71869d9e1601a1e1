"""The watched addresses, arranged for looking them up, in a block's bloom filter too."""

from collections.abc import Sequence
from functools import cached_property, lru_cache

from eth_utils.crypto import keccak

TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
# A filter is believed when it would say so by chance less often than this. Full ones, as of busy chains, or of rollups
# that set all bits, tell nothing; nor do empty ones.
_MOST_CHANCE = 1e-4
_BLOOM_BITS = 2048


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

    def in_bloom(self, bloom: str, contracts: Sequence[str]) -> list[str]:
        """Those to whom, by the header of a block, one of the contracts has very likely moved something in it."""
        bits = bits_of(bloom)
        share = bits.bit_count() / _BLOOM_BITS
        if len(self) * share**3 > _MOST_CHANCE or not _has(bits, TRANSFER):
            return []
        if not any(_has(bits, contract) for contract in contracts):
            return []
        return [self.by_lower["0x" + topic[-40:]] for topic in self.topics if _has(bits, topic)]

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


def bits_of(bloom: str) -> int:
    """A `logsBloom` as a number; 0 for what is none."""
    try:
        return int(bloom, 16)
    except ValueError:
        return 0


@lru_cache(maxsize=20_000)
def bloom_of(item: str) -> int:
    """The three bits that an address or a topic (0x-hex) sets in the filter of its block (Yellow Paper, 4.3.1)."""
    digest = keccak(hexstr=item)
    bits = 0
    for at in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[at : at + 2]) % _BLOOM_BITS)
    return bits


def _has(bits: int, item: str) -> bool:
    mask = bloom_of(item.lower())
    return bits & mask == mask
