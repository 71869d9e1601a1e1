"""A worker gives its sign of life from the threads that do its jobs: one whose threads all hang gives none."""

from typing import Any

from celery import bootsteps
from typing_extensions import override

from checkout_project.jobs.alive import EVERY_SECONDS, Sign


class GiveSigns(bootsteps.StartStopStep):
    """By the worker's own timer, whether or not Redis is there."""

    requires = ("celery.worker.components:Pool", "celery.worker.components:Timer")

    @override
    def start(self, parent: Any) -> None:
        """When the worker starts."""
        sign = Sign()
        parent.pool.apply_async(sign.give, ())
        self._repeated = parent.timer.call_repeatedly(EVERY_SECONDS / 2, parent.pool.apply_async, (sign.give, ()))

    @override
    def stop(self, parent: Any) -> None:
        """When it stops: its threads take nothing more."""
        self._repeated.cancel()

    terminate = stop
