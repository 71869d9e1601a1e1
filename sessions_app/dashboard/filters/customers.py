"""What the list of customers can be sorted by."""

from collections.abc import Mapping

from sessions_app.dashboard.filters.base import Sorted
from sessions_app.reading.list_sql import Order


class CustomerFilters(Sorted):
    """Of the list of customers: what is received counts in the currency of totals."""

    COLUMNS: Mapping[str, tuple[Order, Order]] = {
        "customer": (Order.NAME, Order.NAME_BACK),
        "last order": (Order.ORDERED_LATELY, Order.ORDERED_LONG_AGO),
        "known since": (Order.NEWEST, Order.OLDEST),
        "received": (Order.LARGEST, Order.SMALLEST),
    }

    def unsorted(self) -> str:
        """The query without an order: of some orders not everybody is listed."""
        return self.without("sort")
