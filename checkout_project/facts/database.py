"""What the database says of itself: whether it is there, takes writing, has our tables, and what time it is there."""

from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

OK = "ok"
UNREACHABLE, READ_ONLY, FULL = "unreachable", "read-only", "out of disk or memory"
# PostgreSQL's class of codes for what it has run out of (its manual, appendix A).
_RAN_OUT = "53"
# More than its working memory, so that it writes the rest, some 100 kB, into a file of its own: that fails when the
# disk is full, and leaves nothing behind. It needs no table, and no right to write.
_WRITES_A_FILE = """
    SELECT clock_timestamp(), current_setting('transaction_read_only'), count(*)
    FROM set_config('work_mem', '64kB', true) AS held, LATERAL generate_series(1, 8000 + 0 * length(held))
"""
_QUICK = "SELECT clock_timestamp(), current_setting('transaction_read_only'), 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The database at one moment."""

    state: str = OK  # or what keeps it from being used, in a word
    is_migrated: bool = False
    ahead: float | None = None  # seconds that this process's clock is ahead of the database's; None: nobody said

    @property
    def is_readable(self) -> bool:
        """Whether our tables can be asked."""
        return self.state != UNREACHABLE and self.is_migrated


def look_at_database(*, is_quick: bool = False) -> Database:
    """Asks it, whatever is wrong with it. is_quick: not whether it has room, which costs a file."""
    try:
        state, ahead = _state(_QUICK if is_quick else _WRITES_A_FILE)
        return Database(state=state, is_migrated=_is_migrated(), ahead=ahead)
    except (DatabaseError, InterfaceError):
        return Database(state=UNREACHABLE)


def _state(statement: str) -> tuple[str, float | None]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            there, read_only, _ = cursor.fetchone()
    except DatabaseError as error:
        if not str(getattr(error.__cause__, "sqlstate", "") or "").startswith(_RAN_OUT):
            raise
        return FULL, None
    return READ_ONLY if read_only == "on" else OK, (timezone.now() - there).total_seconds()


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
