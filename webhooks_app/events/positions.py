"""Positions that shops read on from (`GET /events?after=`), after the database went back in time."""

from django.db import connection

from common.postgresql.chunks import make_from
from webhooks_app.events.retention import EVENTS

# Further than any installation gets between two backups, and a millionth of what JSON's readers count exactly.
JUMP = 1_000_000_000


def jump_ahead() -> None:
    """The next event's position is beyond all that were ever given out: no shop's cursor stands behind it.

    Positions between are nobody's, as those of transactions that were undone.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [EVENTS.table])
        (name,) = cursor.fetchone()
        cursor.execute(f"SELECT setval(%s, (SELECT last_value FROM {name}) + %s)", [name, JUMP])  # noqa: S608
        (last,) = cursor.fetchone()
    make_from(EVENTS, last)
