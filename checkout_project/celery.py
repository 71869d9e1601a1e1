"""The Celery application; the beat schedule is data in `jobs/schedule.py`."""

from typing import Any

from celery import Celery, Task
from celery.signals import task_prerun

from checkout_project.jobs.broker import use_it
from checkout_project.jobs.schedule import BEAT_SCHEDULE
from checkout_project.start import read_settings
from common.ticks import taken

read_settings()
use_it()
app = Celery("tallystick")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT_SCHEDULE
app.autodiscover_tasks()
app.steps["worker"].add("checkout_project.checks.worker:VerifyNetworks")
app.steps["worker"].add("webhooks_app.sending.worker_step:SendWebhooks")


@task_prerun.connect
def _take(task: Task[..., Any], args: tuple[Any, ...], **_signal: Any) -> None:
    """The next tick of this job may be sent."""
    taken(task.name, *args)
