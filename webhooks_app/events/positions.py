"""Positions that shops read on from (`GET /events?after=`), after the database went back in time."""

from django.db import connection

from webhooks_app.models import Event

# Further than any installation gets between two backups, and a millionth of what JSON's readers count exactly.
JUMP = 1_000_000_000


def jump_ahead() -> None:
    """The next event's position is beyond all that were ever given out: no shop's cursor stands behind it.

    Positions between are nobody's, as those of transactions that were undone.
    """
    with connection.cursor() as cursor:
        # The name is ours; `last_value` of a sequence that is used counts as handed out.
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [Event._meta.db_table])
        (name,) = cursor.fetchone()
        cursor.execute(f"SELECT setval(%s, (SELECT last_value FROM {name}) + %s)", [name, JUMP])  # noqa: S608
