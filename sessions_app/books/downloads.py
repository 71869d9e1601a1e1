"""How many of the books' files are on their way at once: each holds a thread and a database connection while it is.

Counted in each process. Who reads slowly keeps a place for a time that has an end, and takes none from others after it.
"""

import time
from collections.abc import Generator
from threading import Lock
from typing import Self
from weakref import WeakSet

from common.errors import Conflict

AT_ONCE = 4
# From the first piece to the last.
LONGEST_SECONDS = 900.0

_lock = Lock()
# Weak: an answer that nobody came to read is gone by itself.
_under_way: WeakSet["Download"] = WeakSet()


class TooManyFiles(Conflict):
    """As many files as may be at once are on their way."""


class Download:
    """A file's pieces, for a reader who has a place. Closing it gives the place back.

    Raises `TooManyFiles` when the business has a file under way, or all places are taken; `TimeoutError`, while it is
    read, when it takes too long.
    """

    def __init__(self, pieces: Generator[bytes, None, None], *, business: int) -> None:
        self._pieces, self._business = pieces, business
        self._ends_at = time.monotonic() + LONGEST_SECONDS
        with _lock:
            others = [each for each in _under_way if not each._is_late]
            if any(each._business == business for each in others):
                raise TooManyFiles("A file of this business is being written already: wait until it is there.")
            if len(others) >= AT_ONCE:
                raise TooManyFiles("Other files are being written right now: try again in a minute.")
            _under_way.add(self)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._is_late:
            raise TimeoutError(f"The file was not read within {LONGEST_SECONDS:.0f} seconds.")
        return next(self._pieces)

    def close(self) -> None:
        """Whoever wrote it has ended, or was left by the reader."""
        self._pieces.close()
        with _lock:
            _under_way.discard(self)

    @property
    def _is_late(self) -> bool:
        return time.monotonic() > self._ends_at
