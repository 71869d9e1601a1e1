"""`manage.py reencrypt`: all stored secrets by the first of ENCRYPTION_KEYS, so that the others may go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from checkout_project.restoring.reencrypting import reencrypt, unreadable


class Command(BaseCommand):
    """Looks before it writes."""

    help = "Encrypts stored secrets anew, by the first of ENCRYPTION_KEYS (docs/backup.md)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Says how many, table by table."""
        if lost := unreadable():
            shown = ", ".join(lost[:20]) + (f" and {len(lost) - 20} more" if len(lost) > 20 else "")
            raise CommandError(
                f"No key of ENCRYPTION_KEYS reads {shown}. Nothing was changed. Put the missing key back, behind the "
                "others; or make these anew: new webhook secrets, second factors, receipt keys."
            )
        total = reencrypt(lambda table, rows: self.stdout.write(f"{table}: {rows:,}"))
        self.stdout.write(f"{total:,} rows encrypted anew. Only backups of before still need the other keys.")
