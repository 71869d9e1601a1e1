"""Backups and what is asked before one is restored."""

import os
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from checkout_project.restoring.contents import Contents, contents_of
from checkout_project.restoring.noticing import hold
from checkout_project.restoring.programs import CannotDump, run
from common.postgresql.poolers import NOT_THROUGH_ONE, is_pooled
from common.version import VERSION
from merchants_app.held import fingerprints

# Whose tables they are is decided where they are restored.
_NOBODYS = ["--no-owner", "--no-privileges"]


class WillNotRestore(Exception):
    """What stands against it, in sentences; nothing was written."""


def back_up(file: Path) -> Contents:
    """Writes the whole database as it is at one moment, beside whoever goes on selling. Raises CannotDump."""
    need_postgresql_itself()
    part = file.with_name(f"{file.name}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        run("pg_dump", ["--format=custom", *_NOBODYS, f"--file={part}"], server=True)
        found = contents_of(part)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return found


def restore(file: Path, *, without_keys: bool = False) -> Contents:
    """Fills this empty database, all or nothing, and holds what would leave it.

    without_keys: goes on without keys that the backup was made with; what they encrypted is lost.
    Raises WillNotRestore, CannotDump.
    """
    need_postgresql_itself()
    found = contents_of(file)
    missing = [] if without_keys else [key for key in found.keys if key not in fingerprints()]
    if missing:
        raise WillNotRestore(
            f"ENCRYPTION_KEYS lacks {len(missing)} of the {len(found.keys)} keys that this backup was made with "
            f"(fingerprints: {', '.join(missing)}). Put them there, the one that encrypts first. Without them no "
            "webhook can be signed and no second factor read; --without-keys restores all else."
        )
    if beyond := found.beyond():
        raise WillNotRestore(
            f"This backup was made by a newer Tallystick ({found.version}, this is {VERSION}): {', '.join(beyond)}. "
            "Install that version, then restore."
        )
    _need_empty()
    run("pg_restore", [*_NOBODYS, "--single-transaction", "--exit-on-error", str(file)], server=True)
    call_command("migrate", interactive=False, verbosity=0)
    hold(f"Restored from a backup of {found.made_at}.")
    return found


def need_postgresql_itself() -> None:
    """These programs leave settings on their connection, which a pooler gives to others. Raises CannotDump."""
    if is_pooled():
        raise CannotDump(NOT_THROUGH_ONE)


def _need_empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        (tables,) = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        (others,) = cursor.fetchone()
    if tables:
        raise WillNotRestore(
            f"The database is not empty: it has {tables} tables. Make another (createdb), and name it in DATABASE_URL."
        )
    if others:
        raise WillNotRestore("Somebody else is connected to this database. Stop web, workers and beat first.")
