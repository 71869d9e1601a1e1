"""How long PostgreSQL may let somebody wait who waits for an answer: a statement, and a lock that another holds.

Only for the threads in which Django answers. Files that are streamed, workers and commands take the time they need.
"""

from threading import local
from typing import Any

from django.db.backends.signals import connection_created

from common.postgresql.poolers import is_lent_by_transaction

STATEMENT_SECONDS, LOCK_SECONDS = 30.0, 10.0

_thread = local()


def begin() -> None:
    """From now on, in the threads that say so; to be called once a process."""
    connection_created.connect(_limit, dispatch_uid="waits")


def somebody_waits() -> None:
    """In this thread."""
    _thread.is_answering = True


def _limit(connection: Any, **_signal: Any) -> None:
    """Unless DATABASE_URL says it, or a pooler would hand the limits on to others: there they belong to the role."""
    options = connection.settings_dict["OPTIONS"].get("options", "")
    if not getattr(_thread, "is_answering", False) or is_lent_by_transaction() or "_timeout" in options:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false)",
            [f"{STATEMENT_SECONDS * 1000:.0f}ms", f"{LOCK_SECONDS * 1000:.0f}ms"],
        )
