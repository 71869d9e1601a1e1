"""A step of a worker's start: it says that it lives, whatever its jobs are busy with."""

from contextlib import suppress
from threading import Event, Thread
from typing import Any

from celery import bootsteps
from redis import RedisError
from typing_extensions import override

from checkout_project.jobs.pulses import EVERY_SECONDS, WORKER, give_pulse


class GivePulse(bootsteps.StartStopStep):
    """A thread of its own, so that a worker without Redis is not thought busy and a busy one not dead."""

    requires = ("celery.worker.components:Pool",)

    @override
    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._over = Event()

    @override
    def start(self, parent: Any) -> None:
        """When the worker starts."""
        Thread(target=self._keep_on, name="pulse", daemon=True).start()

    @override
    def stop(self, parent: Any) -> None:
        """When it stops."""
        self._over.set()

    terminate = stop

    def _keep_on(self) -> None:
        while not self._over.is_set():
            with suppress(RedisError):  # who needs it says so
                give_pulse(WORKER)
            self._over.wait(EVERY_SECONDS)
