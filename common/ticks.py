"""Jobs that come again and again: at most one of each waits to be taken.

While nobody takes them, a clock that ticks each second would otherwise leave thousands to be done at once later. How
long one may wait is measured by Redis (a key that ends), so that no two machines' clocks are ever compared.
"""

from collections.abc import Callable
from typing import Any

from django.core.cache import cache

# A tick that is lost, with Redis or with the worker that had it in hand, is sent again after so long: a network is
# taken over within ten seconds. (Where nobody takes any, as many of each job wait as there are such spells.)
FORGOTTEN_SECONDS = 8


def send_once(send: Callable[[], object], task: str, *given: Any) -> None:
    """Sends it, unless one waits already. Raises what keeps it from leaving: then none waits, and the next one may."""
    if may_be_sent(task, *given):
        try:
            send()
        except Exception:
            taken(task, *given)
            raise


def may_be_sent(task: str, *given: Any) -> bool:
    """Whether none of them waits already; from now on one does. Raises redis' errors while it is away."""
    return cache.add(_key(task, given), 1, FORGOTTEN_SECONDS)


def taken(task: str, *given: Any) -> None:
    """Somebody does it now: the next one may be sent."""
    cache.delete(_key(task, given))


def _key(task: str, given: tuple[Any, ...]) -> str:
    return ":".join(["tick", task, *map(str, given)])
