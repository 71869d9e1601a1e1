"""What Redis says: whether it takes writing, what waits there, and who said of themselves that they live."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from redis import Redis, RedisError, ResponseError

from checkout_project.jobs.failures import FailingTask, failing_tasks
from checkout_project.jobs.pulses import BEAT, WORKER, Pulse, pulses, redis_at
from checkout_project.neighbours.told import Neighbour, neighbours

LONGEST_QUEUE = 500
QUEUES = ("celery",)
_WRITTEN, _KEPT_SECONDS = "tallystick:writable", 60
# Redis' own first word, and what it means.
_WHY = {
    "MISCONF": "it cannot save to its disk",
    "OOM": "its memory is full",
    "READONLY": "it is a replica",
    "NOREPLICAS": "too few replicas follow it",
    "NOPERM": "our user has no right to",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """What Redis says."""

    refusal: str  # why it takes no writing; empty: it does
    queues: Mapping[str, int]
    failing: Sequence[FailingTask]
    workers: Sequence[Pulse]
    beats: Sequence[Pulse]
    ahead: float  # seconds that this process's clock is ahead of Redis'
    neighbours: Sequence[Neighbour] | None  # None: nobody has looked lately

    @property
    def waiting(self) -> int:
        """Jobs, in all queues together."""
        return sum(self.queues.values())

    @property
    def is_queue_long(self) -> bool:
        """Whether workers do not keep up."""
        return self.waiting > LONGEST_QUEUE


def look_at_queued(now: datetime) -> Queued | None:
    """Asks it; None: it is away."""
    with suppress(RedisError):
        client = redis_at(settings.REDIS_URL)
        found, ahead = pulses()
        return Queued(
            refusal=why_it_refuses(client),
            queues={name: int(client.llen(name)) for name in QUEUES},
            failing=failing_tasks(now),
            workers=[each for each in found if each.kind == WORKER],
            beats=[each for each in found if each.kind == BEAT],
            ahead=ahead,
            neighbours=neighbours(),
        )
    return None


def why_it_refuses(client: Redis) -> str:
    """In words; empty: it takes writing. Redis goes on telling what it holds when it takes nothing any more.

    Raises redis' errors while it is away.
    """
    try:
        client.set(_WRITTEN, 1, ex=_KEPT_SECONDS)
    except ResponseError as error:
        text = " ".join(str(error).split())
        return _WHY.get(error.status_code or text.partition(" ")[0], text[:100])
    return ""
