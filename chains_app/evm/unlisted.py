"""Transfers of which a block's header speaks, and which a node does not list: indexes lag, and answers are cut.

Nobody is accused lightly. Who is named in any other log of the block (who sent something, was collected, got a token
that is not listed) is in the header for that; and only what another node lists proves that one kept it to itself.
"""

import time
from collections.abc import Collection, Sequence

from chains_app.evm.exchange import NodeFailed
from chains_app.evm.json_rpc import Node
from chains_app.evm.log_queries import Log, get_logs
from chains_app.evm.logs import as_topics
from chains_app.evm.watched import TRANSFER, Watched
from chains_app.reading.reader import Block, Doubt

# What is doubted when a header speaks of a transfer that the node does not list.
UNLISTED = "unlisted"
# Headers that speak of what nobody has, so often in a row, are not as we read them, and are not believed for a while.
MOST_UNPROVEN, DISBELIEVED_SECONDS = 8, 600.0
_TOPICS_OF_A_LOG = 4

Place = tuple[str, int]  # an address and a block


class Headers:
    """How far a network's headers are believed."""

    def __init__(self) -> None:
        self._unproven = 0
        self._believed_from = 0.0  # on the clock of `time.monotonic`

    @property
    def are_believed(self) -> bool:
        """Whether it is worth asking what they speak of."""
        return time.monotonic() >= self._believed_from

    def proved(self, right: bool) -> None:
        """What one spoke of is there, or nobody has it."""
        self._unproven = 0 if right else self._unproven + 1
        if self._unproven >= MOST_UNPROVEN:
            self._unproven, self._believed_from = 0, time.monotonic() + DISBELIEVED_SECONDS


class Hearing:
    """What the nodes that are asked one question list, and what by the headers is missing in it."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._listed: set[Place] = set()
        self._cleared: set[Place] = set()
        self._missing: dict[Place, Doubt] = {}
        self._silent: list[tuple[Node, set[Place]]] = []

    def lists(self, places: Collection[Place]) -> None:
        """A node does: whoever is silent about one of them is wrong."""
        self._listed |= set(places)

    def compare(self, node: Node, block: Block, loggers: Sequence[str], listed: Collection[Place]) -> None:
        """Asks what else the header may speak of, if the node lists less."""
        named = {each for each in self._watched.in_bloom(block.bloom, loggers) if (each, block.number) not in listed}
        missing, has_answered = _without_a_reason(node, self._watched, block.number, loggers, named)
        self._cleared |= {(each, block.number) for each in named - missing}
        self._silent.append((node, {(each, block.number) for each in missing}))
        for each in sorted(missing):
            if has_answered:
                self._missing[each, block.number] = _doubt(each, block.number, f"{node.host} lists no transfer to it")
            else:
                unasked = _doubt(each, block.number, "No node says what else may be meant")
                self._missing.setdefault((each, block.number), unasked)

    @property
    def doubts(self) -> list[Doubt]:
        """What no node could explain."""
        known = self._listed | self._cleared
        return [doubt for place, doubt in self._missing.items() if place not in known]

    @property
    def contradicted(self) -> list[Node]:
        """Nodes that kept to themselves what another one lists."""
        return [node for node, places in self._silent if places & self._listed]


def _without_a_reason(
    node: Node, watched: Watched, block: int, loggers: Sequence[str], named: Collection[str]
) -> tuple[set[str], bool]:
    """Those that no other log of the block names, and whether the node answers such questions. If not, it clears
    nobody."""
    left = set(named)
    for position in range(1, _TOPICS_OF_A_LOG):
        if left:
            topics = [*[None] * position, as_topics(sorted(left))]
            try:
                logs = list(get_logs(node, (), topics, block, block, []))
            except NodeFailed:
                return left, False
            left -= {watched.find_topic(_topics(log)[position]) for log in logs if _is_other(log, position, loggers)}
    return left, True


def _is_other(log: Log, position: int, loggers: Sequence[str]) -> bool:
    """Whether it is a log with such a topic, and none that the node should have listed before."""
    topics = _topics(log)
    is_ours = len(topics) == 3 and topics[0] == TRANSFER and str(log.get("address")).lower() in loggers
    return len(topics) > position and not (is_ours and position == 2)


def _topics(log: Log) -> Sequence[object]:
    topics = log.get("topics")
    return topics if isinstance(topics, list) else ()


def _doubt(address: str, block: int, what: str) -> Doubt:
    return Doubt(
        what=UNLISTED,
        place=f"{address} in block {block}",
        first=block,
        last=block,
        address=address,
        why=f"{what} in block {block}, whose header speaks of a transfer to it.",
    )
