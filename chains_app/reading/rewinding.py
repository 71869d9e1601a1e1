"""When a chain has other blocks than were read before, all that read them go back to the last that is the same."""

from django.db.models import F
from django.db.models.functions import Least

from chains_app.models import ScanCursor, ScannedBlock
from chains_app.networks.networks import Network


def rewind(network: Network, replaced_from: int) -> None:
    """To below the lowest block that is another now. Within the transaction that moves the cursor."""
    before = replaced_from - 1
    ScannedBlock.objects.filter(network=network.id, number__gte=replaced_from).delete()
    cursor = ScanCursor.objects.filter(pk=network.id)
    cursor.update(
        read_twice=Least("read_twice", before),
        read_thrice=Least("read_thrice", before),
        found_late=F("found_late") + 1,  # who asks for collections meanwhile knows nothing of the new branch: again
    )
    cursor.filter(collections_read__gte=replaced_from).update(
        collections_read=before, collections_doubted=Least("collections_doubted", replaced_from)
    )
