"""`manage.py release`: what waits because this installation is held; `--yes` lets it leave."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand
from django.db.models import Count

from checkout_project.restoring.noticing import notice_copies
from merchants_app import held
from merchants_app.models import Installation
from sessions_app.models import Letter
from webhooks_app.events.nudging import nudge_now
from webhooks_app.models import Delivery, DeliveryState


class Command(BaseCommand):
    """Looks first."""

    help = "Shows what a restored or copied installation holds back; with --yes it is sent (docs/backup.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether it is meant."""
        parser.add_argument("--yes", action="store_true", help="this installation is the real one: send")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Tells hosts, not URLs: those may hold secrets."""
        notice_copies()
        if not held.is_held():
            self.stdout.write("Nothing is held back here.")
            return
        self.stdout.write(Installation.objects.get().held_because)
        for host, number in sorted(_waiting().items()):
            self.stdout.write(f"{number:,} webhooks to {host}")
        self.stdout.write(f"{Letter.objects.filter(outcome='').count():,} letters to buyers")
        if not options["yes"]:
            self.stdout.write("Is the original off for good? Then: manage.py release --yes")
            return
        if held.release():
            nudge_now()
        self.stdout.write("All of it leaves now.")


def _waiting() -> Counter[str]:
    """How many deliveries, by host."""
    found: Counter[str] = Counter()
    by_url = Delivery.objects.filter(state=DeliveryState.PENDING).order_by().values_list("endpoint__url")
    for url, number in by_url.annotate(number=Count("id")):
        found[urlsplit(url).hostname or url] += number
    return found
