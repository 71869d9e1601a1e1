"""`manage.py hold`: for a database that was put back to an earlier time in its place, where nothing shows it."""

from typing import Any

from django.core.management.base import BaseCommand

from checkout_project.restoring.noticing import hold
from merchants_app.held import RELEASE


class Command(BaseCommand):
    """Before web and workers start again."""

    help = "Holds all that would be sent, and gives out nothing that was given out before (docs/backup.md)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Once for each time that it went back."""
        hold("An operator said that it went back in time.")
        self.stdout.write(f"Nothing is sent from here until: {RELEASE} --yes. Start web, workers and beat now.")
