"""Brings the database up to date and makes the demo merchant: what `make run` needs before it starts."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from checkout_project.running.demo import make_demo


class Command(BaseCommand):
    """Safe to run again: it makes what is missing and nothing else."""

    help = __doc__
    # The tests run them all; here they would load every page of the project before the first answer.
    requires_system_checks = []

    def handle(self, *_args: Any, **options: Any) -> None:
        """Prints nothing secret: password and key are in DATA_DIR/demo.json."""
        try:
            call_command("migrate", interactive=False, skip_checks=True, verbosity=options["verbosity"])
        except OperationalError as problem:
            raise CommandError(f"The database that DATABASE_URL names cannot be used: {problem}") from problem
        demo = make_demo()
        if options["verbosity"]:
            self.stdout.write(f"The demo merchant is there; its owner signs in as {demo.email}.")
