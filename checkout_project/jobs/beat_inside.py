"""The clock inside a worker: for one small machine. Elsewhere beat is a process of its own, as the Procfile has it."""

import os
import signal
from threading import Thread
from typing import Any

from celery import bootsteps
from celery.beat import Service
from typing_extensions import override

from checkout_project.jobs.beat import SteadyScheduler

# So soon it notices that it shall stop.
_PASS_SECONDS = 1


class BeatInside(bootsteps.StartStopStep):
    """A step of the worker's start, where Celery's own `--beat` would start another process."""

    @override
    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._beat = Service(parent.app, max_interval=_PASS_SECONDS, scheduler_cls=SteadyScheduler)

    @override
    def start(self, parent: Any) -> None:
        """When the worker starts."""
        Thread(target=self._tick, name="beat", daemon=True).start()

    @override
    def stop(self, parent: Any) -> None:
        """When it stops."""
        self._beat.stop()

    terminate = stop

    def _tick(self) -> None:
        try:
            self._beat.start()
        except BaseException:
            # A worker without a clock would look alive and do nothing.
            os.kill(os.getpid(), signal.SIGTERM)
            raise
