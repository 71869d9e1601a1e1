"""PostgreSQL's clock, as Django expressions and questions."""

from datetime import datetime
from typing import cast

from django.db import connection
from django.db.models import DateTimeField, Func

# Whoever writes events holds this lock on their table from before the first row's time is taken until the commit can be
# seen. So an event that cannot be seen yet was written by one of these, after its transaction began, or after this
# statement did. Reports, dumps and whoever writes elsewhere are not waited for. Clocks are given a little room.
_SETTLED_UNTIL = """
SELECT least(min(activity.xact_start), statement_timestamp()) - interval '1 millisecond'
FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)
WHERE held.locktype = 'relation' AND held.relation = %s::regclass AND held.mode = 'RowExclusiveLock'
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid <> pg_backend_pid()
"""


class ClockTimestamp(Func):
    """The time as the row is written, not as its transaction began."""

    template = "clock_timestamp()"
    output_field = DateTimeField()


def settled_until(table: str) -> datetime:
    """All rows of the table written before are committed and visible to the next statement, or will never be."""
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else it is remembered for the transaction who did what
        cursor.execute(_SETTLED_UNTIL, [table])
        return cast("datetime", cursor.fetchone()[0])
