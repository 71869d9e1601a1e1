"""What belongs to the hash of a block, and so is the same whoever asks for it: shared by the readers of a network.

It spares asking again. It proves nothing: before a payment counts as confirmed, each node is asked for its header and
receipt (`whereabouts.look`), and what was told of another block has another hash.
"""

from typing import Any

from chains_app.reading.reader import Block

_REMEMBERED_RECEIPTS, _REMEMBERED_BLOCKS = 20_000, 2_000


class Known:
    """Times of blocks, places of logs, and transactions that succeeded. One that failed is asked for again.

    Nothing is forgotten while an answer is made that may be about it: call `tidy` between answers.
    """

    def __init__(self) -> None:
        self._blocks: dict[str, Block] = {}
        self._places: dict[tuple[str, int], int] = {}
        self._succeeded: dict[tuple[str, str], bool] = {}

    def tidy(self) -> None:
        """Forgets what is the longest known, when it is too much. Other threads' answers are about what is new."""
        _forget(self._blocks, _REMEMBERED_BLOCKS)
        _forget(self._places, _REMEMBERED_RECEIPTS)
        _forget(self._succeeded, _REMEMBERED_RECEIPTS)

    def block(self, block_hash: str) -> Block | None:
        """The block, if one with this hash was seen."""
        return self._blocks.get(block_hash)

    def saw(self, block: Block) -> None:
        """A node has told of it."""
        self._blocks[block.hash] = block

    def place(self, block_hash: str, log_index: int) -> int | None:
        """Which log of its transaction the log is that has this index in the block."""
        return self._places.get((block_hash, log_index))

    def placed(self, block_hash: str, log_index: int, place: int) -> None:
        """A receipt says so."""
        self._places[block_hash, log_index] = place

    def has_succeeded(self, block_hash: str, tx_hash: str) -> bool:
        """Whether a receipt said that the transaction did what it was to do, in that block."""
        return (block_hash, tx_hash) in self._succeeded

    def succeeded(self, block_hash: str, tx_hash: str) -> None:
        """A receipt says so."""
        self._succeeded[block_hash, tx_hash] = True


def _forget(memory: dict[Any, Any], most: int) -> None:
    if len(memory) > most:
        for key in list(memory)[:-most]:
            memory.pop(key, None)
