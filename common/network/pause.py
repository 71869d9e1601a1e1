"""Leaves a service that failed alone for a while, so that not everybody waits for it in turn."""

import time


class Pause:
    """Ends by itself after so many seconds. Shared by a process's threads."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the service is to be left alone."""
        return time.monotonic() < self._until

    def begin(self) -> None:
        """It failed just now."""
        self._until = time.monotonic() + self._seconds

    def end(self) -> None:
        """It may be asked again."""
        self._until = 0.0
