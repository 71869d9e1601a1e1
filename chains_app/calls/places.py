"""How many web threads may wait for somebody else's service at once: half of them are left for everybody else."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import BoundedSemaphore

from django.conf import settings


class NoPlace(Exception):
    """As many wait already as may: try again in a moment."""


@contextmanager
def place() -> Iterator[None]:
    """A place for whoever waits, for as long as that takes. Raises NoPlace."""
    places = _places(settings.WEB_THREADS)
    if not places.acquire(blocking=False):
        raise NoPlace
    try:
        yield
    finally:
        places.release()


@lru_cache(maxsize=1)
def _places(threads: int) -> BoundedSemaphore:
    return BoundedSemaphore(max(1, threads // 2))
