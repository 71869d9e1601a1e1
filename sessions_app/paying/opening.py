"""That a buyer has looked at the page: for the business, which wants to know how many come so far."""

from datetime import datetime

from common.measures.counted import Stage, reached
from sessions_app.models import CheckoutSession


def note_opening(session: CheckoutSession, *, now: datetime) -> None:
    """Notes the first time. Every other one costs nothing: what was read says that it was noted."""
    unopened = CheckoutSession.objects.filter(pk=session.pk, opened_at=None)
    if session.opened_at is None and unopened.update(opened_at=now):
        reached(Stage.OPENED, mode=session.mode, after=now - session.created_at)
