"""PostgreSQL's clock, as Django expressions and questions."""

from datetime import datetime
from typing import cast

from django.db import connection
from django.db.models import DateTimeField, Func

# A transaction that began before an event was written may have taken a smaller id and not committed it yet. Whoever
# only reads is left out, as far as one can tell; clocks are given a little room.
_OLDEST_WRITER = """
SELECT least(min(xact_start), clock_timestamp()) - interval '1 millisecond' FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND (backend_xid IS NOT NULL OR (state = 'active' AND query_start > clock_timestamp() - interval '1 minute'))
"""


class ClockTimestamp(Func):
    """The time as the row is written, not as its transaction began."""

    template = "clock_timestamp()"
    output_field = DateTimeField()


def settled_until() -> datetime:
    """All that was written before is committed and visible to the next statement, or will never be."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST_WRITER)
        return cast("datetime", cursor.fetchone()[0])
