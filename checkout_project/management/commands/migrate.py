"""`migrate` beside shops that go on selling: it waits for no lock so long that sales queue up behind it.

Whoever waits to change a table stands before all who only use it. So a wait is broken off after a moment, and the
migration tried again from where it stopped, until nobody holds the table for long. What it does itself may take as long
as it takes, whatever limit the role has.
"""

import time
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

from common.postgresql.poolers import NOT_THROUGH_ONE, SESSION, is_pooled

LOCK_TIMEOUT = "3s"
TRIES = 40
PAUSE_SECONDS = 5


class Command(migrate.Command):
    """Django's, with these waits. Every migration of ours can be run again after a stop."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises the OperationalError of the last try."""
        if options["check_unapplied"] or options["plan"]:  # it only looks, from each pod that starts, by a pooler too
            super().handle(*args, **options)
            return
        if is_pooled() and settings.DATABASE_POOLER != SESSION:
            raise CommandError(NOT_THROUGH_ONE)
        for left in reversed(range(TRIES)):
            try:
                self._handle_briefly(*args, **options)
            except OperationalError as error:
                if not left or not isinstance(error.__cause__, LockNotAvailable):
                    raise
                self.stderr.write(f"Somebody uses the table for longer than {LOCK_TIMEOUT}: trying again.")
                time.sleep(PAUSE_SECONDS)
            else:
                return

    def _handle_briefly(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', '0', false)",
                [LOCK_TIMEOUT],
            )
        try:
            super().handle(*args, **options)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout; RESET statement_timeout")
