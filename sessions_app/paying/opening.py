"""What is kept of a buyer's looking at the page: that they have, for the business; and what they chose to read."""

from datetime import datetime

from common.measures.counted import Stage, reached
from sessions_app.models import CheckoutSession


def note_opening(session: CheckoutSession, *, now: datetime) -> None:
    """Notes the first time. Every other one costs nothing: what was read says that it was noted."""
    unopened = CheckoutSession.objects.filter(pk=session.pk, opened_at=None)
    if session.opened_at is None and unopened.update(opened_at=now):
        reached(Stage.OPENED, mode=session.mode, after=now - session.created_at)


def note_choice(session: CheckoutSession, language: str) -> bool:
    """Keeps the language that the buyer chose, for all that they read of this payment; whether it is another one.

    On the session, since in a shop's frame no cookie comes, and letters know of none.
    """
    if not language or language == session.buyer_language:
        return False
    return CheckoutSession.objects.filter(pk=session.pk).update(buyer_language=language) == 1
