"""The Celery application; the beat schedule is data in `schedule.py`."""

import os

from celery import Celery

from checkout_project.schedule import BEAT_SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "checkout_project.settings")
app = Celery("tallystick")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT_SCHEDULE
app.autodiscover_tasks()
app.steps["worker"].add("checkout_project.checks.worker:VerifyNetworks")
app.steps["worker"].add("webhooks_app.sending.worker_step:SendWebhooks")
