"""What the commands about one buyer have in common: how the buyer is named."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from common.errors import DomainError
from common.modes import Mode
from merchants_app.models import Merchant
from sessions_app.models import Customer
from sessions_app.scope import SessionScope


def name_buyer(parser: ArgumentParser) -> None:
    """Asks for business, mode and e-mail address."""
    parser.add_argument("--business", required=True, help="Its id: mer_…")
    parser.add_argument("--mode", required=True, choices=[mode.value for mode in Mode])
    parser.add_argument("--email", required=True, help="The buyer's; capital letters do not matter.")


def named_buyer(options: dict[str, Any]) -> Customer:
    """The buyer of a business and mode. Raises CommandError with a sentence when there is none."""
    merchant = Merchant.objects.filter(public_id=options["business"]).first()
    if merchant is None:
        raise CommandError(f"There is no business {options['business']!r}: give its id, mer_….")
    try:
        return SessionScope(merchant, options["mode"]).buyer(options["email"])
    except DomainError as error:
        raise CommandError(error.detail) from error
