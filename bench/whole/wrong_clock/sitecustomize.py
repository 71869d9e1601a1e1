"""Sets a process's clock wrong by as many seconds as a file says, and follows the file. Its steady clock stays.

Python loads it by itself in every process whose PYTHONPATH has this folder. (libfaketime, which would be the usual way,
breaks `time.sleep`: Python sleeps until a moment of the steady clock.)
"""

import os
import threading
from pathlib import Path

import time_machine

_LOOKS_EVERY = 0.5


class _Clock:
    def __init__(self, file: Path) -> None:
        self._file, self._offset = file, 0.0
        self._away: time_machine.travel | None = None

    def look(self) -> None:
        """Once."""
        offset = float(self._file.read_text())
        if offset == self._offset:
            return
        self._offset = offset
        if self._away:
            self._away.stop()
        self._away = time_machine.travel(time_machine.escape_hatch.time.time() + offset) if offset else None
        if self._away:
            self._away.start()

    def follow(self) -> None:
        """For ever."""
        while not threading.Event().wait(_LOOKS_EVERY):
            self.look()


if _name := os.environ.get("WRONG_CLOCK"):
    _clock = _Clock(Path(_name))
    _clock.look()
    threading.Thread(target=_clock.follow, name="wrong clock", daemon=True).start()
