"""Steps of a worker's start: that it lives is said to whoever watches, again and again."""

import time
from abc import abstractmethod
from threading import Event, Thread
from typing import Any, ClassVar

from celery import bootsteps
from celery.signals import task_postrun, task_prerun
from redis import RedisError
from typing_extensions import override

from checkout_project.errors.outage import REDIS
from checkout_project.jobs import alive, pulses

# Longer than any job: the longest are 20 minutes of forgetting, with a last statement of five.
JOB_SECONDS = 1800.0


class _Repeated(bootsteps.StartStopStep):
    """In a thread of its own: Celery's timer is emptied whenever Redis is lost."""

    requires = ("celery.worker.components:Pool",)
    every_seconds: ClassVar[float]

    @override
    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._over = Event()

    @override
    def start(self, parent: Any) -> None:
        """When the worker starts."""
        Thread(target=self._keep_on, args=[parent], name=type(self).__name__, daemon=True).start()

    @override
    def stop(self, parent: Any) -> None:
        """When it stops: its threads take nothing more."""
        self._over.set()

    terminate = stop

    @abstractmethod
    def say(self, worker: Any) -> None:
        """Once."""

    def _keep_on(self, worker: Any) -> None:
        while not self._over.is_set():
            self.say(worker)
            self._over.wait(self.every_seconds)


class GivePulse(_Repeated):
    """To `/readyz`, whatever its jobs are busy with: a busy worker is not dead."""

    every_seconds = pulses.EVERY_SECONDS

    @override
    def say(self, worker: Any) -> None:
        try:
            pulses.give_pulse(pulses.WORKER)
        except RedisError as error:
            REDIS.noticed(error)
        else:
            REDIS.over()


class GiveSigns(_Repeated):
    """To who restarts it: jobs begin and end, or else a thread is free. One whose threads all hang gives none.

    A few threads may all be busy for longer than one may be silent, with honest work that nobody shall break off.
    """

    every_seconds = alive.EVERY_SECONDS / 2

    @override
    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._sign = alive.Sign()
        self._job_at = -JOB_SECONDS

    @override
    def start(self, parent: Any) -> None:
        for signal in (task_prerun, task_postrun):
            signal.connect(self._note_job)
        super().start(parent)

    @override
    def stop(self, parent: Any) -> None:
        super().stop(parent)
        alive.expect_none()

    terminate = stop

    @override
    def say(self, worker: Any) -> None:
        if time.monotonic() - self._job_at < JOB_SECONDS:
            self._sign.give()
        else:
            worker.pool.apply_async(self._sign.give, ())

    def _note_job(self, **_signal: Any) -> None:
        self._job_at = time.monotonic()
