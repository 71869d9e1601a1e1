"""For an operator who lost phone, passkey and recovery codes, and has no other operator to ask."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import NotFound
from merchants_app.sign_in.second_factor import factors_of, take_away


class Command(BaseCommand):
    """By the rule that the admin uses: with a letter, an audit line, and the end of all sign-ins."""

    help = "Removes all second factors of one person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="address of the person")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Says what was done. Raises CommandError for an address that nobody has."""
        try:
            factors = factors_of(options["email"])
        except NotFound as error:
            raise CommandError(error.detail) from error
        take_away(factors, operator="operator at the command line")
        self.stdout.write(f"Removed: {len(factors)}. They were signed out everywhere and written to.")
