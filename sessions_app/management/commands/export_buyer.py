"""`manage.py export_buyer`: all that is kept about one buyer of a business, as JSON."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from common.api.exact_json import dumps
from sessions_app.buyers.export import export_buyer
from sessions_app.management.buyers import name_buyer, named_buyer


class Command(BaseCommand):
    """Writes to stdout."""

    help = "Writes all that is kept about one buyer to stdout, as JSON. See docs/privacy.md."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        name_buyer(parser)

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(dumps(export_buyer(named_buyer(options))))
