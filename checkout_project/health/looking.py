"""One look for all who ask what else is so: rarely, one at a time, and nobody waits for it for more than a moment.

Anybody may ask `/readyz` as often as they like, and a probe must have its answer in time whatever hangs.
"""

import time
from collections.abc import Callable
from threading import Event, Lock, Thread

import structlog
from django.db import connections

from checkout_project.facts.installation import Facts, facts

EVERY_SECONDS = 5.0
# Whoever begins a look waits for it so long; the others take what the last one found.
WAIT_SECONDS = 1.0
# What was found so long ago says nothing of now, whatever keeps the looks since then from their end.
BELIEVED_SECONDS = 30.0

_log = structlog.get_logger()


def in_a_thread(look: Callable[[], None]) -> None:
    """Runs it beside whoever asked, on connections of its own."""

    def run() -> None:
        try:
            look()
        finally:
            connections.close_all()

    Thread(target=run, name="looking", daemon=True).start()


class Looks:
    """What this process found when it looked last."""

    def __init__(self, look: Callable[[], Facts], *, begin: Callable[[Callable[[], None]], None] = in_a_thread) -> None:
        self.begin = begin
        self._look = look
        self._lock = Lock()  # held while somebody looks
        self._look_at = self._found_at = 0.0
        self._blind_since: float | None = None  # when the first look began that has found nothing yet
        self._found: Facts | None = None

    def last(self) -> Facts | None:
        """As it was some seconds ago at most, if looking is quick. None: no look is done yet, or none was lately."""
        now = time.monotonic()
        if now >= self._look_at and self._lock.acquire(blocking=False):
            self._look_at = now + EVERY_SECONDS
            self._blind_since = now if self._blind_since is None else self._blind_since
            is_done = Event()
            self.begin(lambda: self._run(is_done))
            is_done.wait(WAIT_SECONDS)
        return self._found if time.monotonic() - self._found_at <= BELIEVED_SECONDS else None

    def blind_for(self) -> float:
        """For how many seconds looks have found nothing, once that is too long; 0: they do."""
        since = self._blind_since
        blind = 0.0 if since is None else time.monotonic() - since
        return blind if blind > BELIEVED_SECONDS else 0.0

    def _run(self, is_done: Event) -> None:
        try:
            self._found = self._look()
            self._found_at, self._blind_since = time.monotonic(), None
        except Exception:  # noqa: BLE001  (it is told, and looked again)
            _log.exception("readyz.not_looked")
        finally:
            self._lock.release()
            is_done.set()


LOOKS = Looks(facts)
