"""What is known of a network's nodes, kept in the database: so that a restart and other processes know it too."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db.models import F

from chains_app.calls.known_limits import key_of, take_over
from chains_app.calls.readers import limits_of, reader_for
from chains_app.evm.exchange import host_of
from chains_app.evm.reader import EvmReader
from chains_app.models import Provider
from chains_app.networks.networks import Network
from chains_app.reading.reader import Reader

log = structlog.get_logger()


def recall(network: Network) -> None:
    """Takes over what other processes have learned of the network's nodes lately."""
    take_over(network.id, limits_of(network))


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
    hosts = {key_of(url): host_of(url) for url in network.rpc_urls}
    for key, number in by_provider.items():
        if key not in hosts:
            continue  # the operator has taken it out
        row, _ = Provider.objects.get_or_create(
            network=network.id, key=key, defaults={"host": hosts[key][:255], "updated_at": now}
        )
        Provider.objects.filter(pk=row.pk).update(differences=F("differences") + number, differed_at=now)
        log.warning("provider_differed", network=network.id, provider=row.host, answers=number)
