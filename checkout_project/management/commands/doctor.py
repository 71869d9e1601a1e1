"""`manage.py doctor`: what is wrong with this installation, and how it is mended."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from checkout_project.doctor.examining import examine
from checkout_project.doctor.findings import Verdict
from checkout_project.doctor.inside import settings_are_right
from checkout_project.doctor.listing import checks


class Command(BaseCommand):
    """Ends with 1 when something is wrong, with 0 when there is nothing or something to look at only."""

    help = "Looks at settings, database, Redis, clocks, workers, nodes, rates, mail and PUBLIC_URL. See docs/doctor.md."
    # It runs them itself, and tells of them like of all else.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON array, for programs")
        parser.add_argument("--mail-to", metavar="ADDRESS", default="", help="send a test letter there")

    def handle(self, *_args: Any, **options: Any) -> None:
        """A line for each finding, with a second one that says how to mend it."""
        found = [*settings_are_right(), *examine(checks(mail_to=options["mail_to"]))]
        is_wrong = any(each.verdict == Verdict.WRONG for each in found)
        if options["json"]:
            self.stdout.write(json.dumps([each.as_dict() for each in found], indent=1, ensure_ascii=False))
        else:
            for each in found:
                self.stdout.write(each.line())
            count = [sum(each.verdict == verdict for each in found) for verdict in Verdict]
            self.stdout.write("{} well, {} to look at, {} wrong.".format(*count))
        if is_wrong:
            sys.exit(1)
