"""Positions that shops read on from (`GET /events?after=`), after the database went back in time."""

from django.db import connection

from common.postgresql.chunks import make_from
from webhooks_app.events.retention import EVENTS
from webhooks_app.models import Event

# Further than any installation gets between two backups, and a millionth of what JSON's readers count exactly.
JUMP = 1_000_000_000


def jump_ahead(beyond: int = 0) -> None:
    """The next event's position is beyond all that were ever given out: no shop's cursor stands behind it.

    beyond: one that is known to have been.

    Positions between are nobody's, as those of transactions that were undone.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(%s, %s)", [_counter(), max(last_given(), beyond) + JUMP])
        (last,) = cursor.fetchone()
    make_from(EVENTS, last)


def has_gone_back(mark: int) -> bool:
    """Whether events had come to `mark` and stand before it now, and nobody has gone on beyond it since.

    By the events, for PostgreSQL writes its counter down up to 32 ahead: after a loss it may stand where it stood. Only
    where all events were forgotten, being old, nothing but the counter tells how far they had come.
    """
    given = last_given()
    return (farthest_told() or given) < mark and given < mark + JUMP


def last_given() -> int:
    """The newest position that was given out; whether its event was written is another question."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT last_value FROM {_counter()}")  # noqa: S608  (PostgreSQL's own name of it)
        return int(cursor.fetchone()[0])


def farthest_told() -> int:
    """The newest event's position; 0 where there is none."""
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _counter() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [EVENTS.table])
        return str(cursor.fetchone()[0])
