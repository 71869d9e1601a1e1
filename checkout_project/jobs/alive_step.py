"""A worker gives its sign of life from the threads that do its jobs: one whose threads all hang gives none."""

from threading import Event, Thread
from typing import Any

from celery import bootsteps
from typing_extensions import override

from checkout_project.jobs.alive import EVERY_SECONDS, Sign


class GiveSigns(bootsteps.StartStopStep):
    """Asked for by a thread of its own: Celery's timer is emptied whenever Redis is lost."""

    requires = ("celery.worker.components:Pool",)

    @override
    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._over = Event()

    @override
    def start(self, parent: Any) -> None:
        """When the worker starts."""
        Thread(target=self._keep_on, args=[parent.pool], name="sign of life", daemon=True).start()

    @override
    def stop(self, parent: Any) -> None:
        """When it stops: its threads take nothing more."""
        self._over.set()

    terminate = stop

    def _keep_on(self, pool: Any) -> None:
        sign = Sign()
        while not self._over.is_set():
            pool.apply_async(sign.give, ())
            self._over.wait(EVERY_SECONDS / 2)
