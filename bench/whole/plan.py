"""What goes wrong, and when: by a seed, so that the same storm can be had again."""

import random
from dataclasses import dataclass

PROCESSES = ("web-1", "web-2", "worker-1", "worker-2", "beat")
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Disturbance:
    """One thing that goes wrong."""

    at: float  # seconds after the beginning
    what: str
    whom: str = ""  # one of PROCESSES
    seconds: float = 0.0  # how long it lasts, or by how much a clock is wrong
    blocks: int = 0  # that the chain replaces meanwhile

    def __str__(self) -> str:
        parts = [
            self.whom,
            f"{self.seconds:+.0f} s" if self.seconds else "",
            f"{self.blocks} blocks" * bool(self.blocks),
        ]
        return " ".join([self.what, *filter(None, parts)])


# How often each comes, among all.
WEIGHTS = {
    "postgres: fast": 2,
    "postgres: immediate": 2,
    "postgres: kill -9": 2,
    "redis: kill -9": 4,
    "redis: wiped": 2,
    "redis: silent": 2,
    "redis: full": 2,
    "redis: read-only": 2,
    "web: kill -9": 3,
    "worker: kill -9": 5,
    "workers: kill -9": 1,
    "beat: kill -9": 2,
    "clock": 5,
    "rpc: gone": 4,
    "rpc: gone, and back with a reorg": 3,
    "reorg": 2,
}


def storm(seed: int, *, seconds: float, every: float, without: frozenset[str] = frozenset()) -> list[Disturbance]:
    """Disturbances over so many seconds, one each `every` seconds on average."""
    dice = random.Random(seed)
    kinds = {kind: weight for kind, weight in WEIGHTS.items() if kind not in without}
    found, at = list[Disturbance](), dice.uniform(0.5, 1.5) * every
    while at < seconds:
        found.append(_one(dice, dice.choices(list(kinds), list(kinds.values()))[0], at))
        at += dice.uniform(0.5, 1.5) * every
    return found


def _one(dice: random.Random, what: str, at: float) -> Disturbance:
    whom = {"web: kill -9": PROCESSES[:2], "worker: kill -9": PROCESSES[2:4], "clock": PROCESSES}.get(what, ("",))
    seconds, blocks = 0.0, 0
    if what == "clock":
        seconds = dice.choice([HOUR, -HOUR, 7.0, -7.0])
    elif what.startswith(("postgres", "redis: kill", "redis: silent", "redis: full", "redis: read", "rpc", "workers")):
        seconds = dice.uniform(0.5, 8.0)
    if "reorg" in what:
        blocks = dice.randint(1, 4)
    return Disturbance(at, what, dice.choice(whom), seconds, blocks)
