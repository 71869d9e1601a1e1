"""`manage.py release`: what waits because this installation is held; `--yes` lets it leave."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from checkout_project.restoring.releasing import WillNotRelease, release, what_waits


class Command(BaseCommand):
    """Looks first."""

    help = "Shows what a restored or copied installation holds back; with --yes it is sent (docs/backup.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether it is meant."""
        parser.add_argument("--yes", action="store_true", help="this installation is the real one: send")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Says what waits in any case."""
        waiting = what_waits()
        if waiting is None:
            self.stdout.write("Nothing is held back here.")
            return
        self.stdout.write(waiting.why)
        for host, number in sorted(waiting.webhooks.items()):
            self.stdout.write(f"{number:,} webhooks to {host}")
        self.stdout.write(f"{waiting.letters:,} letters to buyers")
        if options["yes"]:
            try:
                release()
            except WillNotRelease as problem:
                raise CommandError(str(problem)) from None
            self.stdout.write("All of it leaves now.")
        else:
            self.stdout.write("Is the original off for good? Then: manage.py release --yes")
