"""Whose an address was at a moment: a deposit contract that was collected may serve one session after the other."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")


def holder_at(holders: Sequence[T], at: datetime, *, since: Callable[[T], datetime]) -> T:
    """The one that had the address then, of all that ever had it, the newest first; `since` says from when on.

    What is older than all of them goes to the oldest: before it nobody else was shown the address.
    """
    return next((each for each in holders if since(each) <= at), holders[-1])
