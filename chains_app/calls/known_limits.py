"""What other processes have learned of nodes, or this one before it was started anew: taken over from the database."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone
from django.utils.crypto import salted_hmac

from chains_app.evm.limits import Limits
from chains_app.models import Provider

# Whose answers proved wrong is asked after the others for so long.
DISTRUSTED_FOR = timedelta(hours=1)


def key_of(url: str) -> str:
    """By what a node is known: nobody learns the secret in its URL from that."""
    return salted_hmac("chains_app.provider", url, algorithm="sha256").hexdigest()


def take_over(network_id: str, limits: Mapping[str, Limits]) -> None:
    """Brings what is known of the network's nodes, by URL, up to date. One query; none without nodes."""
    rows = {row.key: row for row in Provider.objects.filter(network=network_id)} if limits else {}
    for url, known in limits.items():
        row = rows.get(key_of(url))
        known.is_distrusted = bool(row and row.differed_at and timezone.now() - row.differed_at < DISTRUSTED_FOR)
        if row is None:
            known.kept = None
        elif row.updated_at != known.kept_at:
            known.learned = (row.largest_batch, row.widest_span, row.most_addresses, row.calls_a_second)
            known.kept, known.kept_at = (known.learned, row.problem), row.updated_at
