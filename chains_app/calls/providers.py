"""What is known of a network's nodes, kept in the database: so that a restart and other processes know it too."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from chains_app.calls.readers import limits_of, reader_for
from chains_app.evm.reader import EvmReader
from chains_app.models import Provider
from chains_app.networks.networks import Network
from chains_app.reading.reader import Reader

# Whose answers proved wrong is asked after the others for so long.
DISTRUSTED_FOR = timedelta(hours=1)

log = structlog.get_logger()


def key_of(url: str) -> str:
    """By what a node is known: nobody learns the secret in its URL from that."""
    return salted_hmac("chains_app.provider", url, algorithm="sha256").hexdigest()


def recall(network: Network) -> None:
    """Takes over what other processes have learned of the network's nodes, or this one before it was started anew."""
    limits = limits_of(network)
    rows = {row.key: row for row in Provider.objects.filter(network=network.id)} if limits else {}
    for url, known in limits.items():
        row = rows.get(key_of(url))
        known.is_distrusted = bool(row and row.differed_at and timezone.now() - row.differed_at < DISTRUSTED_FOR)
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


def asked_of(reader: Reader) -> str:
    """The provider that told the reader's last transfers, by its key; empty where there is none."""
    node = reader.answered_by if isinstance(reader, EvmReader) else None
    return key_of(node.url) if node else ""


def note_contradicted(network: Network, reader: Reader, now: datetime) -> None:
    """Writes down whose answers the reader itself has found to be wrong, since it was last asked."""
    if isinstance(reader, EvmReader) and reader.contradicted:
        nodes, reader.contradicted = reader.contradicted, []
        note_differences(network, Counter(key_of(node.url) for node in nodes), now)


def note_differences(network: Network, by_provider: Mapping[str, int], now: datetime) -> None:
    """So many answers of these providers, by their keys, were wrong: they are asked last for a while."""
    hosts = {key_of(url): urlsplit(url).netloc.rpartition("@")[2] for url in network.rpc_urls}
    for key, number in by_provider.items():
        if key not in hosts:
            continue  # the operator has taken it out
        row, _ = Provider.objects.get_or_create(
            network=network.id, key=key, defaults={"host": hosts[key][:255], "updated_at": now}
        )
        Provider.objects.filter(pk=row.pk).update(differences=F("differences") + number, differed_at=now)
        log.warning("provider_differed", network=network.id, provider=row.host, answers=number)
