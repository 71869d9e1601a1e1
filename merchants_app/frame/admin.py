"""What the admin pages of all apps share: which operator is at work, and searches that all know."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from chains_app.evm.values import checksummed
from chains_app.networks.networks import all_networks
from common.admin.large import Search, equal
from merchants_app.models import User

# A search for what belongs to a business.
OF_BUSINESS: dict[str, Search] = {"mer_": equal("merchant__public_id")}


def operator_of(request: HttpRequest) -> User:
    """The operator who sent it; Django admin lets in nobody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user


def by_hash(rows: QuerySet[Any], term: str) -> QuerySet[Any]:
    """Of a transaction. The networks are named because the index begins with them."""
    return rows.filter(network__in=list(all_networks()), tx_hash=term.lower())


def by_address(rows: QuerySet[Any], term: str) -> QuerySet[Any]:
    """As it is stored, in whatever letters it was typed."""
    return rows.filter(address=checksummed(term.lower()))
