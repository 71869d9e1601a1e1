"""`manage.py erase_buyer`: forgets who one buyer of a business is. What was paid stays."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from common.errors import DomainError
from sessions_app.buyers.erasing import erase_buyer
from sessions_app.management.buyers import name_buyer, named_buyer


class Command(BaseCommand):
    """Leaves a line in the business's audit log."""

    help = "Erases what is personal about one buyer, for good. Amounts and transactions stay. See docs/privacy.md."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        name_buyer(parser)

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Erases, or says what to wait for."""
        buyer = named_buyer(options)
        try:
            sessions = erase_buyer(buyer, actor="operator (manage.py)")
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"Erased: {buyer.public_id} with {sessions} session{'' if sessions == 1 else 's'}.")
