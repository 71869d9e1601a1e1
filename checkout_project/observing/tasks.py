"""What a worker tells of its tasks: their lines in the log carry their ids, and how they end is counted.

A task that a request sends carries the request's id too, and hands it on to those that it sends.
"""

import time
from contextvars import ContextVar
from typing import Any

from celery import Task
from celery.signals import (
    beat_init,
    before_task_publish,
    celeryd_init,
    setup_logging,
    task_postrun,
    task_prerun,
)
from structlog.contextvars import bind_contextvars, get_contextvars, unbind_contextvars

from checkout_project.jobs.failures import short_name
from checkout_project.logs import log_what_nobody_caught
from checkout_project.observing.elsewhere import tell_elsewhere
from common.measures.counted import TASK_ENDED_AT, TASK_SECONDS, TASKS, TASKS_RUNNING
from common.measures.telling import tell_at_port

_HANDED_ON = "request_id"
_began: ContextVar[float] = ContextVar("began")


@setup_logging.connect
def _log_as_django_does(**_signal: Any) -> None:
    """That somebody listens keeps Celery from setting up lines of its own."""


@celeryd_init.connect
def _start_worker(**_signal: Any) -> None:
    _start("worker")


@beat_init.connect
def _start_beat(**_signal: Any) -> None:
    _start("beat")


def _start(process: str) -> None:
    log_what_nobody_caught()
    tell_elsewhere(process)
    tell_at_port()


@before_task_publish.connect
def _hand_on(headers: dict[str, Any], **_signal: Any) -> None:
    if _HANDED_ON in (bound := get_contextvars()):
        headers[_HANDED_ON] = bound[_HANDED_ON]


@task_prerun.connect
def _begin(task_id: str, task: Task[..., Any], **_signal: Any) -> None:
    handed = (task.request.headers or {}).get(_HANDED_ON)
    bind_contextvars(task=task.name, task_id=task_id, **({_HANDED_ON: handed} if handed else {}))
    TASKS_RUNNING.inc()
    _began.set(time.monotonic())


@task_postrun.connect
def _end(task: Task[..., Any], state: str | None, **_signal: Any) -> None:
    """State is None when it was broken off by the end of its process."""
    TASKS_RUNNING.dec()
    name = short_name(task.name)
    TASK_SECONDS.labels(name).observe(time.monotonic() - _began.get())
    TASKS.labels(name, (state or "failure").lower()).inc()
    if state == "SUCCESS":
        TASK_ENDED_AT.labels(name).set_to_current_time()
    unbind_contextvars("task", "task_id", _HANDED_ON)
