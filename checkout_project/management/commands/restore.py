"""`manage.py restore FILE`: fills an empty database from a backup; nothing leaves it before `manage.py release`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chains_app.reading.scanning import positions
from checkout_project.restoring.dumping import WillNotRestore, restore
from checkout_project.restoring.programs import CannotDump


class Command(BaseCommand):
    """Says what comes next."""

    help = "Fills an empty database from a backup, and holds all that would be sent (docs/backup.md)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """From where."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--without-keys", action="store_true", help="what missing keys encrypted is lost")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Checks all before it writes anything."""
        file: Path = options["file"]
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            found = restore(file, without_keys=options["without_keys"])
        except (WillNotRestore, CannotDump) as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"Restored as of {found.made_at}. Nothing is sent from here yet. Next:\n")
        self.stdout.write("1. Start web, workers and beat. They look for the money that came since:")
        for network, block in positions().items():
            self.stdout.write(f"   {network} from block {block + 1} on")
        self.stdout.write("2. Look at /admin. Is the former installation off for good, its keys and DNS moved here?")
        self.stdout.write("3. manage.py release: says what would leave; with --yes it leaves.")
        self.stdout.write("A buyer paid to an address made after the backup? manage.py address cs_…")
