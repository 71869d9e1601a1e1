"""Workers and the clock say every few seconds that they live, and what time it is where they are.

They say it to Redis, which all of them need for their work, and by Redis' own time: what it says of them is right
however their clocks go.
"""

import json
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings

from checkout_project.jobs.jumps import CLOCK, Jump

EVERY_SECONDS = 5.0
# Whoever has said nothing for so long is gone.
SILENT_SECONDS = 20.0
WORKER, BEAT = "worker", "beat"
_KEY = "tallystick:pulses"
_FORGOTTEN_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """One process, as it last said."""

    kind: str
    name: str
    age: float  # seconds
    ahead: float  # seconds that its clock is ahead of Redis'
    jumped: Jump | None = None  # its clock, within the hour

    @property
    def is_alive(self) -> bool:
        """Whether it said so lately."""
        return self.age < SILENT_SECONDS


@lru_cache(maxsize=4)
def redis_at(url: str) -> redis.Redis:
    """A client that gives up within a second."""
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, decode_responses=True)


def redis_seconds(client: redis.Redis) -> float:
    """What time it is there, in seconds since 1970."""
    told: Any = client.time()
    seconds, microseconds = told
    return float(seconds) + float(microseconds) / 1e6


def give_pulse(kind: str) -> None:
    """From this process, which looks at its clock first, also while Redis is away. Raises redis' errors then."""
    CLOCK.look()
    jumped = CLOCK.jumped()
    client = redis_at(settings.REDIS_URL)
    there = redis_seconds(client)
    name = f"{kind}:{socket.gethostname()}:{os.getpid()}"
    said = {"at": there, "ahead": time.time() - there, "jumped": asdict(jumped) if jumped else None}
    client.hset(_KEY, name, json.dumps(said))


def pulses() -> tuple[Sequence[Pulse], float]:
    """Those of the last hour, and how many seconds this process's clock is ahead of Redis'.

    Raises redis' errors while it is away.
    """
    client = redis_at(settings.REDIS_URL)
    there = redis_seconds(client)
    found = [_pulse(str(name), json.loads(said), there) for name, said in client.hgetall(_KEY).items()]
    if gone := [f"{each.kind}:{each.name}" for each in found if each.age > _FORGOTTEN_SECONDS]:
        with suppress(redis.ResponseError):  # one that takes no writing
            client.hdel(_KEY, *gone)
    return [each for each in found if each.age <= _FORGOTTEN_SECONDS], time.time() - there


def _pulse(name: str, said: dict[str, Any], now: float) -> Pulse:
    kind, _, name = name.partition(":")
    jumped = said.get("jumped")  # none of an older version
    return Pulse(
        kind=kind, name=name, age=now - said["at"], ahead=said["ahead"], jumped=Jump(**jumped) if jumped else None
    )
