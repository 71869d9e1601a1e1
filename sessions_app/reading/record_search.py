"""How an operator's lists find records of sessions: each form of term by the index that it has."""

from typing import Any

from django.db.models import QuerySet

from chains_app.evm.values import checksummed
from chains_app.networks.networks import all_networks
from common.admin.large import Search, equal


def _by_hash(rows: QuerySet[Any], term: str) -> QuerySet[Any]:
    """The networks are named because the index begins with them."""
    return rows.filter(network__in=list(all_networks()), tx_hash=term.lower())


def _by_address(rows: QuerySet[Any], term: str) -> QuerySet[Any]:
    return rows.filter(address=checksummed(term.lower()))


BY_SESSION: dict[str, Search] = {"cs_": equal("session__public_id")}
BY_HASH: dict[str, Search] = BY_SESSION | {"hash": _by_hash}
BY_ADDRESS: dict[str, Search] = BY_SESSION | {"address": _by_address}
