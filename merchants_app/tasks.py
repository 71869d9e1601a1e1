"""What Celery runs for businesses: old requests forgotten, owners warned of ending keys, operators' visits ended."""

from celery import shared_task
from django.utils import timezone

from merchants_app.businesses import visits
from merchants_app.keys import expiry_mails
from merchants_app.requests import idempotency, log


@shared_task(ignore_result=True)
def forget_old_requests() -> None:
    """Deletes request lines and idempotent answers past their time. Safe to run twice at once."""
    now = timezone.now()
    log.forget_old(now)
    idempotency.forget_old(now)


@shared_task(ignore_result=True)
def make_chunks_ahead() -> None:
    """Makes room for the request lines to come. Safe to run twice at once."""
    log.make_chunks_ahead(timezone.now())


@shared_task(ignore_result=True)
def end_overdue_visits() -> None:
    """Ends operators' visits that nobody left. Safe to run twice at once."""
    visits.end_overdue(timezone.now())


@shared_task(ignore_result=True)
def tell_of_ending_keys() -> None:
    """Writes to owners whose API keys end within a week. Safe to run twice at once."""
    expiry_mails.tell_of_ends(timezone.now())
