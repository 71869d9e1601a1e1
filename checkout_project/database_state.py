"""What the database says of itself and of the workers, for `/readyz`."""

from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.utils import timezone

from chains_app.models import ScanCursor

# Without these nothing can be done.
NEEDED = ("database", "migrations")
# Prices, ends and keys go by the clocks of several machines.
_CLOCKS_APART = timedelta(seconds=2)
# A worker reads each network once a minute at least (`sessions_app/watching/turns.py`).
_SILENT = timedelta(seconds=120)


def states_of_database() -> dict[str, str]:
    """`ok`, or what is wrong, by what was looked at."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp(), current_setting('transaction_read_only')")
            there, read_only = cursor.fetchone()
        states = {"database": "read-only" if read_only == "on" else "ok", "migrations": _migrations()}
        if states["migrations"] == "ok":
            states["workers"] = _workers(timezone.now())
    except (DatabaseError, InterfaceError):
        return {"database": "unreachable"}
    return states | {"clock": _clock(timezone.now() - there)}


def _migrations() -> str:
    return "ok" if _is_migrated() else "missing: run `manage.py migrate`"


def _is_migrated() -> bool:
    """Asked until it is so, and then remembered: no table goes away while this process runs."""
    if KNOWN:
        return True
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    KNOWN.add(True)
    return True


KNOWN: set[bool] = set()


def _workers(now: datetime) -> str:
    last = ScanCursor.objects.aggregate(last=Max("scanned_at"))["last"]
    if last is None:
        return "none has run yet"
    return "ok" if now - last < _SILENT else f"silent for {(now - last) // timedelta(seconds=1)} s"


def _clock(ahead: timedelta) -> str:
    if abs(ahead) <= _CLOCKS_APART:
        return "ok"
    seconds = ahead.total_seconds()
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the database's"
