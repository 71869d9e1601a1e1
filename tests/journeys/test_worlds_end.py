"""How a process ends that a supervisor waits for. Sorted last: the other journeys need the clock."""

import resource

import httpx

from tests.journeys.conftest import World
from tests.waiting import wait_until


def test_the_clock_ends_without_looking_through_all_it_ever_made(world: World) -> None:
    """In processor time, which other work on the machine does not change; looking through it takes a second."""
    wait_until(lambda: httpx.get(f"{world.stack.url}/readyz", trust_env=False).json()["beat"] == "ok", seconds=60)
    spent, before = world.stack.spent("beat"), _of_ended()
    assert world.stack.end("beat") == 0
    world.stack.launch("beat")
    assert _of_ended() - before - spent < 0.5


def _of_ended() -> float:
    """Processor seconds of our children that have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime
