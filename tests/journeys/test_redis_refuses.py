"""A Redis that answers, and says no: processes live, webhooks leave, and jobs go on by themselves."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import redis

from tests.journeys.conftest import World
from tests.refusing_redis import unable_to_save
from tests.waiting import wait_until

# Longer than three tries to connect, and than what lies between two signs of life.
SECONDS = 7.0


def told(world: World, process: str) -> list[str]:
    """What a process's log says of Redis, in turn."""
    return re.findall(r'"event": "redis\.(\w+)"', world.stack.log(process))


@contextmanager
def commanded(url: str, begin: str, end: str) -> Iterator[None]:
    """Between two commands to it."""
    with redis.Redis.from_url(url) as client:
        try:
            client.execute_command(begin)
            yield
        finally:
            client.execute_command(end)


REFUSALS: dict[str, Callable[[str], AbstractContextManager[None]]] = {
    "it is full": lambda url: commanded(url, "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    "its disk is full": unable_to_save,
    "it is a replica now": lambda url: commanded(url, "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    "it forbids": lambda url: commanded(url, "ACL SETUSER default -brpop -lpush", "ACL SETUSER default +@all"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_redis_that_refuses_ends_nobody(world: World, refusal: str) -> None:
    [endpoint, *_] = world.call("GET", "webhook-endpoints")
    before = {process: len(told(world, process)) for process in ("worker", "beat")}
    with REFUSALS[refusal](world.stack.env["REDIS_URL"]):
        came = len(world.shop.received)
        world.call("POST", f"webhook-endpoints/{endpoint['id']}/test")
        wait_until(lambda: len(world.shop.received) > came)
        time.sleep(SECONDS)
    session = world.open_session()
    world.call("POST", f"checkout/{session['id']}/simulate", {"scenario": "exact", "asset": "USDC"})
    wait_until(lambda: world.call("GET", f"checkout/sessions/{session['id']}")["status"] == "completed", seconds=30)
    assert world.stack.answers()
    for process, lines in before.items():
        wait_until(lambda process=process: told(world, process)[-1:] == ["back"])  # type: ignore[misc]
        # A right that is missing is one that signs of life may not need.
        assert told(world, process)[lines:] == ["away", "back"] or refusal == "it forbids"
        assert "Traceback" not in world.stack.log(process)
