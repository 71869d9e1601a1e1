"""How long PostgreSQL lets web processes and workers wait: for a statement, and for a lock that another holds.

And how long it lets them keep others waiting: of a machine that vanished in the midst of a transaction nothing is
heard, and a network whose session it holds would be unread for as long. Commands (`migrate`, `backup`) take the time
they need.
"""

from threading import local
from typing import Any

from django.db.backends.signals import connection_created

from common.postgresql import line
from common.postgresql.poolers import is_lent_by_transaction

# In the threads in which Django answers.
STATEMENT_SECONDS, LOCK_SECONDS = 30.0, 10.0
# Jobs, and files that are streamed. A job breaks off then, and comes again by itself.
JOBS_STATEMENT_SECONDS, JOBS_LOCK_SECONDS = 300.0, 20.0
# Longer than a mail server may take for one letter, whose row is held meanwhile (five answers of EMAIL_TIMEOUT each).
IDLE_SECONDS = 120.0
# Behind a pooler that lends by transaction we set none (`_limit`): there the role has them, for pages and jobs alike,
# as docs/configuration.md says. Idle: longer than a file of the books that is read slowly holds a transaction, 15 min.
OF_THE_ROLE = {"lock_timeout": "20s", "statement_timeout": "60s", "idle_in_transaction_session_timeout": "20min"}

_thread = local()


def begin() -> None:
    """From now on, in all threads; to be called once a process."""
    connection_created.connect(_limit, dispatch_uid="waits")


def somebody_waits() -> None:
    """In this thread."""
    _thread.is_answering = True


def _limit(connection: Any, **_signal: Any) -> None:
    """Unless DATABASE_URL says it, or a pooler would hand the limits on to others: there they belong to the role."""
    options = connection.settings_dict["OPTIONS"].get("options", "")
    if is_lent_by_transaction() or "_timeout" in options:
        return
    limits = line.ITS | {
        name: f"{seconds * 1000:.0f}ms"
        for name, seconds in _seconds(is_answering=getattr(_thread, "is_answering", False)).items()
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(['set_config(%s, %s, false)'] * len(limits))}",
            [text for limit in limits.items() for text in limit],
        )


def _seconds(*, is_answering: bool) -> dict[str, float]:
    idle = {"idle_in_transaction_session_timeout": IDLE_SECONDS}
    statement, lock = (STATEMENT_SECONDS, LOCK_SECONDS) if is_answering else (JOBS_STATEMENT_SECONDS, JOBS_LOCK_SECONDS)
    return idle | {"statement_timeout": statement, "lock_timeout": lock}
