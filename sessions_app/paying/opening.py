"""That a buyer has looked at the page: for the business, which wants to know how many come so far."""

from datetime import datetime

from sessions_app.models import CheckoutSession


def note_opening(session: CheckoutSession, *, now: datetime) -> None:
    """Notes the first time. Every other one costs nothing: what was read says that it was noted."""
    if session.opened_at is None:
        CheckoutSession.objects.filter(pk=session.pk, opened_at=None).update(opened_at=now)
