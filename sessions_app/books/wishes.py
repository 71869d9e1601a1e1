"""What somebody wants as a file: which rows, of which days; and what makes a file of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from merchants_app.businesses.days import beginning
from merchants_app.models import Merchant
from sessions_app.books.cells import Column


class Export(StrEnum):
    """A file's rows."""

    PAYMENTS = "payments"
    SESSIONS = "sessions"
    REFUNDS = "refunds"
    COLLECTIONS = "collections"
    LINES = "lines"
    EVENTS = "events"
    CUSTOMERS = "customers"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants: rows of these days of the business, both included, maybe of one asset or network."""

    merchant: Merchant
    mode: str
    what: Export
    first: date
    last: date
    is_final: bool = False  # payments and refunds: only those that are
    asset: str = ""
    network: str = ""
    shows_addresses: bool = False  # events: by which a buyer acts, as `webhooks_app.events.bodies` names them
    among: QuerySet[Any, Any] | RawSQL | None = None  # payments, sessions, refunds: those of these keys

    def during(self, name: str) -> dict[str, Any]:
        """The days, of a column of moments."""
        after = beginning(self.last + timedelta(days=1), self.merchant)
        return {f"{name}__gte": beginning(self.first, self.merchant), f"{name}__lt": after}

    def of_asset(self) -> dict[str, str]:
        """The asset and network that were asked for."""
        return {name: value for name, value in (("asset", self.asset), ("network", self.network)) if value}

    def listed(self) -> dict[str, Any]:
        """The keys that it is of, if not all."""
        return {} if self.among is None else {"pk__in": self.among}


class Table(NamedTuple):
    """Columns, and the rows that have them."""

    columns: Sequence[Column]
    rows: QuerySet[Any]
