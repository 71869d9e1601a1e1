"""The Celery application; the beat schedule is data in `jobs/schedule.py`."""

from typing import Any

from celery import Celery, Task
from celery.signals import beat_init, celeryd_init, task_failure, task_prerun, task_received
from celery.worker.request import Request
from django.utils import timezone

from checkout_project.jobs.alive import expect_signs
from checkout_project.jobs.broker import Messages, use_it
from checkout_project.jobs.failures import note_failure
from checkout_project.jobs.schedule import BEAT_SCHEDULE
from checkout_project.jobs.threads import worker_threads
from checkout_project.observing import tasks as _tasks  # noqa: F401  (listens to signals)
from checkout_project.start import read_settings
from common.garbage import collect_rarely
from common.postgresql import waits
from common.ticks import received, taken

read_settings()
use_it()
app = Celery("tallystick", amqp=Messages)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT_SCHEDULE
app.autodiscover_tasks()
app.steps["worker"].add("checkout_project.checks.worker:RefuseWrongPlace")
app.steps["worker"].add("checkout_project.checks.worker:VerifyNetworks")
app.steps["worker"].add("checkout_project.jobs.life_steps:GivePulse")
app.steps["worker"].add("checkout_project.jobs.life_steps:GiveSigns")
app.steps["worker"].add("webhooks_app.sending.worker_step:SendWebhooks")


@celeryd_init.connect
def _size(conf: Any, **_signal: Any) -> None:
    conf.worker_concurrency = worker_threads()
    waits.begin()
    expect_signs()


@beat_init.connect
def _settle(**_signal: Any) -> None:
    collect_rarely()
    expect_signs()


@task_received.connect
def _receive(request: Request, **_signal: Any) -> None:
    """It has left the queue."""
    received(request.task_name, *request.args)


@task_prerun.connect
def _take(task: Task[..., Any], args: tuple[Any, ...], **_signal: Any) -> None:
    """The next tick of this job may be sent."""
    taken(task.name, *args)


@task_failure.connect
def _note_failure(sender: Task[..., Any], exception: BaseException, **_signal: Any) -> None:
    """For the operators' first page."""
    note_failure(sender.name, f"{type(exception).__name__}: {exception}", now=timezone.now())
