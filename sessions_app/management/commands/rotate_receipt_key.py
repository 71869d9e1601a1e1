"""`manage.py rotate_receipt_key`: receipts are signed with another key from now on. What is signed stays as it is."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from typing_extensions import override

from sessions_app.receipts.keys import rotate


class Command(BaseCommand):
    """The public half of the former key stays at /.well-known/jwks.json."""

    help = "Makes another key that signs receipts. Former ones stay published, so that their receipts can be checked."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Says which one signs now."""
        self.stdout.write(f"Receipts are signed with {rotate(timezone.now()).kid} from now on.")
