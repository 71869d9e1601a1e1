"""What the admin pages of all apps share: which operator is at work, filters and searches by networks."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from chains_app.evm.values import checksummed
from chains_app.networks.networks import all_networks
from merchants_app.models import User


def operator_of(request: HttpRequest) -> User:
    """The operator who sent it; Django admin lets in nobody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user


class NetworkFilter(admin.SimpleListFilter):
    """By network. Django's own would read the whole table for those that are in it."""

    title = parameter_name = "network"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """All that are listed."""
        return [(each.id, each.name) for each in all_networks().values()]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of one."""
        return queryset.filter(network=self.value()) if self.value() else queryset


class AssetFilter(admin.SimpleListFilter):
    """By asset, in the same way."""

    title = parameter_name = "asset"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """All that are listed."""
        return [(each, each) for each in sorted({name for net in all_networks().values() for name in net.assets})]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of one."""
        return queryset.filter(asset=self.value()) if self.value() else queryset


def by_hash(rows: QuerySet[Any], term: str) -> QuerySet[Any]:
    """Of a transaction. The networks are named because the index begins with them."""
    return rows.filter(network__in=list(all_networks()), tx_hash=term.lower())


def by_address(rows: QuerySet[Any], term: str) -> QuerySet[Any]:
    """As it is stored, in whatever letters it was typed."""
    return rows.filter(address=checksummed(term.lower()))
