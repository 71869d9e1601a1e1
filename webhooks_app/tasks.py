"""What Celery runs for webhooks: endpoints looked after, old events forgotten.

Sending is not among it: the sender runs inside each worker (`worker_step`).
"""

from celery import shared_task
from django.utils import timezone

from merchants_app.held import is_held
from webhooks_app.endpoints import failing
from webhooks_app.events import retention


@shared_task(ignore_result=True)
def look_after_endpoints() -> None:
    """Writes to merchants whose endpoints fail, and switches off what failed too long. Where all is held, none can."""
    if is_held():
        return
    failing.look_after_endpoints(timezone.now())


@shared_task(ignore_result=True)
def forget_old_events() -> None:
    """Deletes attempts and events past their time."""
    retention.forget_old(timezone.now())


@shared_task(ignore_result=True)
def make_chunks_ahead() -> None:
    """Makes room for the events and attempts to come."""
    retention.make_chunks_ahead(timezone.now())
