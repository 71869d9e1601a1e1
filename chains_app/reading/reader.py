"""What every reader of a chain can do. Whoever reads a chain of another kind writes one of these."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from eth_utils.crypto import keccak

# log_index of a transfer that no log announces: the value of a transaction itself, and money that an address
# received inside a contract's run. The second has no hash of its own, see `evm/coin/native.py`.
OWN_VALUE = -1
FROM_INSIDE = -2


def hash_from_inside(*, block_hash: str, recipient: str) -> str:
    """The hash that all has which an address received from inside contracts in a block: made from these two."""
    return "0x" + keccak(bytes.fromhex(block_hash[2:]) + bytes.fromhex(recipient[2:])).hex()


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the chain."""

    number: int
    hash: str
    time: datetime
    # Where the reader says them: the hash of the block before, and what logs it may hold.
    parent: str = field(default="", compare=False)
    bloom: str = field(default="", compare=False, repr=False)


class Sighting(NamedTuple):
    """Where a transfer was seen (place in its transaction, and in which block), and what it moved to whom."""

    tx_hash: str
    log_index: int
    block_number: int | None
    block_hash: str
    asset: str
    recipient: str
    amount_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One incoming movement of a listed asset to a watched address, named by network, tx_hash and log_index."""

    network: str
    asset: str
    tx_hash: str
    log_index: int
    sender: str  # checksummed; empty when unknown
    recipient: str  # checksummed
    amount_units: int
    block_number: int | None  # None: seen, in no block yet
    block_hash: str  # empty while in no block
    block_time: datetime | None

    @property
    def sighting(self) -> Sighting:
        """Where it was seen."""
        return Sighting(
            self.tx_hash,
            self.log_index,
            self.block_number,
            self.block_hash,
            self.asset,
            self.recipient,
            self.amount_units,
        )


# What is doubted when nobody can say what came from inside contracts in some blocks.
BALANCES = "balances"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Something that a node said of these blocks and that makes no sense, though it may be about money.

    It stops nobody: what else is in the blocks counts, and this is set aside and asked for again.
    """

    what: str
    place: str  # names it on its network, together with `what`
    first: int  # the blocks to read again, both included
    last: int
    address: str  # checksummed: whom it may have paid; empty when nobody can say
    why: str

    def is_shared(self, others: "Iterable[Doubt]") -> bool:
        """Whether one of the others is of the same thing; of balances, of some of the same blocks."""
        return any(
            self.what == each.what and (self.place == each.place or (self.what == BALANCES and self._overlaps(each)))
            for each in others
        )

    def _overlaps(self, other: "Doubt") -> bool:
        return self.first <= other.last and other.first <= self.last


class ReaderUnavailable(Exception):
    """The chain cannot be read at the moment: try later.

    `clock`: how ours would be wrong, `ahead` or `behind`, where that alone may be the reason. Empty: it is another.
    """

    def __init__(self, reason: str, *, clock: str = "") -> None:
        super().__init__(reason)
        self.clock = clock


class WrongChain(Exception):
    """The node belongs to another chain than the network says: give up until the configuration is changed."""


class Reader(Protocol):
    """Reads one network. Every method may raise ReaderUnavailable or WrongChain; none waits for long."""

    def head(self) -> Block:
        """The newest block."""
        ...

    def block(self, number: int) -> Block | None:
        """The block at this height as the chain has it now; None when it has none."""
        ...

    def transfers(
        self,
        addresses: frozenset[str],
        first: int,
        last: int,
        *,
        wallets: frozenset[str] = frozenset(),
        doubts: list[Doubt] | None = None,
    ) -> list[Transfer]:
        """Transfers to the (checksummed) addresses in these blocks, both included.

        From `wallets`, which are some of them, their owners may spend at any time: balances do not tell all of these.
        A transfer from inside a contract may be found, and listed, some blocks after its own. What makes no sense is
        added to `doubts`; without such a list it raises ReaderUnavailable.
        """
        ...

    def pending(self, addresses: frozenset[str], above: int) -> list[Transfer]:
        """Transfers that are seen but in no block up to `above`. A reader that cannot know returns none."""
        ...

    def still_there(self, sightings: Iterable[Sighting]) -> frozenset[Sighting]:
        """Those that the chain still has in just that block: the same asset, amount and recipient at that place.

        Of several nodes none contradicts.
        """
        ...

    def whereabouts(self, sightings: Iterable[Sighting], *, head: int) -> Mapping[Sighting, Block | None]:
        """Where movements are that are not (surely) where they were seen: in which block, or None: in none any more.

        Takes longer than `still_there`, and believes no block but by the word of those upon it, up to `head`. One that
        is missing in the answer cannot be told of yet: nodes contradict each other, or themselves.
        """
        ...
