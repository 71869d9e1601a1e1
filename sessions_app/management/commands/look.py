"""`manage.py look`: looks for a session's money again, on every network, at any time."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from common.errors import DomainError
from sessions_app.watching.searches import look_now


class Command(BaseCommand):
    """Says what came of it, network by network."""

    help = "Looks for money at a session's address, also when it is watched no more. See docs/networks.md."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("session", help="Its id: cs_…")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Takes as long as it takes."""
        try:
            outcomes = look_now(options["session"])
        except DomainError as error:
            raise CommandError(error.detail) from error
        for outcome in outcomes:
            self.stdout.write(outcome.said)
