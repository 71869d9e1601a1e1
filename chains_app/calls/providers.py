"""What is known of a network's nodes, kept in the database: so that a restart and other processes know it too."""

from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.crypto import salted_hmac

from chains_app.calls.readers import limits_of, reader_for
from chains_app.evm.json_rpc import Node
from chains_app.evm.reader import EvmReader
from chains_app.models import Provider
from chains_app.networks.networks import Network


def key_of(url: str) -> str:
    """By what a node is known: nobody learns the secret in its URL from that."""
    return salted_hmac("chains_app.provider", url, algorithm="sha256").hexdigest()


def recall(network: Network) -> None:
    """Takes over what other processes have learned of the network's nodes, or this one before it was started anew."""
    limits = limits_of(network)
    rows = {row.key: row for row in Provider.objects.filter(network=network.id)} if limits else {}
    for url, known in limits.items():
        row = rows.get(key_of(url))
        if row is None:
            known.kept = None
        elif row.updated_at != known.kept_at:
            known.learned = (row.largest_batch, row.widest_span, row.most_addresses, row.calls_a_second)
            known.kept, known.kept_at = (known.learned, row.problem), row.updated_at


def remember(network: Network, now: datetime) -> None:
    """Keeps what was learned of the network's nodes by its reader. Writes nothing when nothing was."""
    reader = reader_for(network)
    for node in reader.nodes.all if isinstance(reader, EvmReader) else ():
        known, problem = node.limits, node.problem[:300] if node.is_failing else ""
        if known.kept == (known.learned, problem):
            continue
        batch, span, addresses, pace = known.learned
        kept: dict[str, Any] = {"largest_batch": batch, "widest_span": span, "most_addresses": addresses}
        kept |= {"calls_a_second": pace, "host": node.host[:255], "problem": problem, "updated_at": now}
        kept |= {"failed_at": now} if problem else {}
        Provider.objects.update_or_create(network=network.id, key=key_of(node.url), defaults=kept)
        known.kept, known.kept_at = (known.learned, problem), now


def note_difference(network: Network, node: Node, now: datetime) -> None:
    """What the node said was not what proved right."""
    row, _ = Provider.objects.get_or_create(
        network=network.id, key=key_of(node.url), defaults={"host": node.host[:255], "updated_at": now}
    )
    Provider.objects.filter(pk=row.pk).update(differences=F("differences") + 1, differed_at=now)
