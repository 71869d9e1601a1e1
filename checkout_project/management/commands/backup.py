"""`manage.py backup FILE`: the whole database in a file of pg_dump's custom format, while shops go on selling."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from checkout_project.restoring.dumping import back_up
from checkout_project.restoring.programs import CannotDump


class Command(BaseCommand):
    """Says what it wrote, and what it did not."""

    help = "Writes the whole database to a file (docs/backup.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Leaves an older file alone."""
        file: Path = options["file"]
        if file.exists():
            raise CommandError(f"{file} is there already: give another name.")
        if not file.parent.is_dir():
            raise CommandError(f"There is no folder {file.parent}.")
        try:
            found = back_up(file)
        except CannotDump as problem:
            raise CommandError(str(problem)) from None
        size = f"{file.stat().st_size / 2**20:.1f} MB"
        made_by = f"Tallystick {found.version}" if found.version else "a Tallystick that has not started here yet"
        keys = f"keys {', '.join(found.keys)}" if found.keys else "keys not known: a restore will not ask for them"
        self.stdout.write(
            f"{file}: {size} of {made_by}, {len(found.migrations)} migrations, {keys}.\n"
            "ENCRYPTION_KEYS and SECRET_KEY are not in it. Keep them, and not beside it: docs/backup.md."
        )
