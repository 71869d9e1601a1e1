"""What the strangers' buyers have in writing: signed receipts, and letters that were sent."""

from django.utils import timezone

from sessions_app.letters.sending import send_letters
from sessions_app.models import Receipt
from sessions_app.receipts.issuing import sign_receipts
from tests.strangers.world import CAST


def write_to_buyers() -> None:
    """As the job does it; none waits afterwards."""
    sign_receipts(timezone.now())
    while send_letters(timezone.now()):
        pass
    for world in CAST.values():
        world.ids["receipt"] = Receipt.objects.get(session__public_id=world.ids["paid"]).token
