"""What people of a business write down about a session, for each other: part of what is kept of its buyer."""

from datetime import datetime

from django.db import transaction

from merchants_app.audit import record
from sessions_app.errors import NoSuchNote
from sessions_app.models import CheckoutSession, SessionNote


def add_note(session: CheckoutSession, *, text: str, actor: str, now: datetime) -> SessionNote:
    """Keeps a note. The audit log says that there is one, and not what: it outlives the buyer's data."""
    with transaction.atomic():
        note = SessionNote.objects.create(session=session, author=actor, text=text, written_at=now)
        record(
            merchant=session.merchant, mode=session.mode, actor=actor, action="note.added", subject=session.public_id
        )
    return note


def remove_note(session: CheckoutSession, *, note_id: int, actor: str) -> None:
    """Removes one for good. Raises NoSuchNote for one that is not this session's."""
    with transaction.atomic():
        gone, _ = SessionNote.objects.filter(session=session, pk=note_id).delete()
        if not gone:
            raise NoSuchNote("There is no such note on this session.")
        record(
            merchant=session.merchant, mode=session.mode, actor=actor, action="note.removed", subject=session.public_id
        )
