"""Waiting for a condition instead of sleeping and hoping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(predicate: Callable[[], T], *, seconds: float = 10.0, every: float = 0.05) -> T:
    """The predicate's first true answer. Raises AssertionError, naming the predicate, after the seconds."""
    deadline = time.monotonic() + seconds
    while True:
        if answer := predicate():
            return answer
        if time.monotonic() >= deadline:
            name = getattr(predicate, "__qualname__", repr(predicate))
            raise AssertionError(f"not so within {seconds:g} s: {name} (last answer: {answer!r})")
        time.sleep(every)
