"""Jobs that come again and again: at most one of each waits to be taken, for as long as nobody takes it.

A clock that ticks each second would otherwise leave thousands to be done at once later, and money that arrives would
wait behind them. How long one may wait is measured by Redis (a key that ends), so that no two machines' clocks are ever
compared.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from celery import Task
from django.core.cache import cache

# One that is lost with who had it in hand (a sender, a worker) is sent again after so long: as soon as a lease ends.
IN_HAND_SECONDS = 5
# One that is lost otherwise (a line broke while Redis handed it over; whoever took it could not say so, since Redis was
# away to it just then; a Redis came back as it was before) is, too, and can't be told from one that waits: where nobody
# takes any, one more of each job waits each time.
WAITING_SECONDS = 60


def send_once(send: Callable[[], object], task: str, *given: Any) -> None:
    """Sends it, unless one waits already. Raises what keeps it from leaving: then none waits, and the next one may."""
    if may_be_sent(task, *given):
        try:
            send()
        except Exception:
            taken(task, *given)
            raise
        # Unless somebody took it meanwhile: then there is no key.
        cache.touch(_key(task, given), WAITING_SECONDS)


def send_each(task: Task[[str], None], ids: Iterable[str]) -> None:
    """One of it for each id, so that a slow one delays no other."""
    for each in ids:
        send_once(partial(task.delay, each), task.name, each)


def may_be_sent(task: str, *given: Any) -> bool:
    """Whether none of them waits already; from now on one is about to. Raises redis' errors while it is away."""
    return cache.add(_key(task, given), 1, IN_HAND_SECONDS)


def received(task: str, *given: Any) -> None:
    """A worker has it in hand, out of the queue, and is about to do it."""
    cache.touch(_key(task, given), IN_HAND_SECONDS)


def taken(task: str, *given: Any) -> None:
    """Somebody does it now: the next one may be sent."""
    cache.delete(_key(task, given))


def _key(task: str, given: tuple[Any, ...]) -> str:
    return ":".join(["tick", task, *map(str, given)])
