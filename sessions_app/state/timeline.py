"""How a row of a session's timeline is written: one text, which every statement that moves sessions includes."""

from collections.abc import Sequence

from django.db import connection

from sessions_app.models import StatusChange

# ruff: noqa: S608  (what is put into the statements are names of our own)
_FIELDS = {
    "session_id": "bigint", "from_status": "text", "to_status": "text", "payment_status": "text", "issue": "text",
    "needs_decision": "boolean", "reason": "text", "actor": "text", "at": "timestamptz",
}  # fmt: skip
_COLUMNS = ", ".join(_FIELDS)

# It notes `moved`, a part of a WITH before it with the columns above, row by row as it has them.
TIMELINE = f"INSERT INTO {StatusChange._meta.db_table} ({_COLUMNS}) SELECT {_COLUMNS} FROM moved"

_RECORD = f"""
WITH moved AS (
    SELECT * FROM ROWS FROM ({", ".join(f"unnest(%({name})s::{kind}[])" for name, kind in _FIELDS.items())})
        WITH ORDINALITY AS new ({_COLUMNS}, place)
    ORDER BY place
)
{TIMELINE}
"""


def record_changes(changes: Sequence[StatusChange]) -> None:
    """Writes them in order."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, {name: [getattr(each, name) for each in changes] for name in _FIELDS})
