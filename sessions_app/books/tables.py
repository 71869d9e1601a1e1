"""What stands in each file of the books: which columns a row has. Times, rates and fees say what they are."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    Aggregate,
    Case,
    Count,
    DecimalField,
    F,
    FilteredRelation,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
    Window,
)  # fmt: skip
from django.db.models.expressions import Combinable, OrderBy
from django.db.models.functions import Coalesce, RowNumber
from django.db.models.lookups import Exact

from chains_app.receiving.deposits import MAX_DEPOSITS
from sessions_app.books.cells import Column, OverGroups, amount, count, json, number, rated, text, times, truth, word
from sessions_app.books.definitions import book_lines
from sessions_app.books.fees import fee_booked
from sessions_app.books.wishes import Export, Table, Wish
from sessions_app.models import BookLine, CheckoutSession, LineKind, Payment, Refund
from sessions_app.models.book_line import OF_COLLECTIONS
from sessions_app.models.refund import SENT_WITH
from sessions_app.status import RefundStatus


def _newest_line(cause: str, kind: LineKind) -> FilteredRelation:
    """The line that says what it is worth: one of no known worth is taken back, and written anew with it."""
    turns = BookLine.objects.filter(**{cause: OuterRef("pk")}, kind=kind).order_by("-turn").values("turn")
    return FilteredRelation("book_lines", condition=Q(book_lines__kind=kind, book_lines__turn=Subquery(turns[:1])))


def _payments(wish: Wish) -> Table:
    zone = wish.merchant.time_zone
    rows = Payment.objects.filter(merchant=wish.merchant, mode=wish.mode, **wish.during("arrived_at"))
    if wish.is_final:
        rows = rows.filter(confirmed_at__isnull=False, vanished_at=None)
    rows = rows.filter(**wish.of_asset(), **wish.listed())
    rows = rows.annotate(line=_newest_line("payment", LineKind.RECEIVED))
    columns = [
        *times("arrived_at", "arrived_at", zone),
        word("payment", "public_id"),
        word("session", "session__public_id"),
        text("order", "session__reference"),
        word("customer", "session__customer__public_id"),
        text("product", "session__product_name"),
        word("network", "network"),
        word("asset", "asset"),
        amount("amount", "amount_units", "decimals"),
        number("value", "value"),
        word("currency", "session__currency"),
        number("rate", "rate"),
        word("rate_basis", "basis"),
        *rated("line__", zone),
        truth("counts", "counts"),
        *times("final_at", "confirmed_at", zone),
        *times("taken_back_at", "vanished_at", zone),
        *times("collected_at", "collected_at", zone),
        word("collected_tx", "collected_tx"),
        *_fees("collected_tx", wish),
        word("sender", "sender"),
        word("tx", "tx_hash"),
        count("block", "block_number"),
    ]
    place = _place(Window, "collected_tx", F("arrived_at"), F("id"))
    return Table(columns, rows.annotate(place=place).order_by("arrived_at", "id"))


def _sessions(wish: Wish) -> Table:
    zone = wish.merchant.time_zone
    rows = CheckoutSession.objects.filter(merchant=wish.merchant, mode=wish.mode, **wish.during("created_at"))
    columns = [
        *times("created_at", "created_at", zone),
        word("session", "public_id"),
        text("order", "reference"),
        word("status", "status"),
        word("payment_status", "payment_status"),
        word("issue", "issue"),
        truth("needs_decision", "needs_decision"),
        number("amount", "amount"),
        word("currency", "currency"),
        *(number(kind.value, _booked("value", kind)) for kind in _OF_SESSIONS),
        *(number(f"reporting_{kind.value}", _reported_sum(kind)) for kind in _REPORTED_OF_SESSIONS),
        word("reporting_currency", Min("book_lines__reporting_currency")),
        word("customer", "customer__public_id"),
        text("email", "email"),
        text("name", "name"),
        text("product_id", "product_id"),
        text("product", "product_name"),
        word("payment_link", "payment_link__public_id"),
        *times("completed_at", "completed_at", zone),
        *times("ended_at", "ended_at", zone),
        json("metadata", "metadata"),
    ]
    return Table(columns, rows.filter(**wish.listed()).order_by("id"))


_OF_SESSIONS = (
    LineKind.RECEIVED, LineKind.TAKEN_BACK, LineKind.REFUNDED, LineKind.REFUND_TAKEN_BACK, LineKind.COLLECTED,
    LineKind.COLLECTION_TAKEN_BACK,
)  # fmt: skip
# And what takes each back, or is taken back by it: what is of no known worth in both is in neither.
_REPORTED_OF_SESSIONS = {
    LineKind.RECEIVED: LineKind.TAKEN_BACK,
    LineKind.TAKEN_BACK: LineKind.RECEIVED,
    LineKind.REFUNDED: LineKind.REFUND_TAKEN_BACK,
    LineKind.REFUND_TAKEN_BACK: LineKind.REFUNDED,
}


def _booked(name: str, kind: LineKind) -> Sum:
    return Sum(f"book_lines__{name}", filter=Q(book_lines__kind=kind))


def _reported_sum(kind: LineKind) -> Case:
    """Empty where a part is of no known worth, or the lines are in several currencies."""

    def unknown(of: LineKind) -> Count:
        return Count("book_lines", filter=Q(book_lines__kind=of, book_lines__reporting_value=None))

    is_known = Exact(unknown(kind), unknown(_REPORTED_OF_SESSIONS[kind]))
    is_one = Exact(Min("book_lines__reporting_currency"), Max("book_lines__reporting_currency"))
    return Case(When(is_known & is_one, then=_booked("reporting_value", kind)))


def _place(over: type[Window], tx_hash: str, *order: F | OrderBy) -> Window:
    """Which of its transaction's rows a row is: what a transaction cost is told in one of them, not in each."""
    return over(RowNumber(), partition_by=[F("network"), F(tx_hash)], order_by=list(order))


def _fees(tx_hash: str, wish: Wish) -> tuple[Column, ...]:
    def of(name: str) -> Case:
        return Case(When(place=1, then=fee_booked(name, tx_hash, wish.merchant, wish.mode)))

    return (
        amount("network_fee", of("amount_units"), of("decimals")),
        word("network_fee_asset", of("asset")),
        number("network_fee_reporting_value", of("reporting_value")),
        word("network_fee_reporting_currency", of("reporting_currency")),
    )


def _refunds(wish: Wish) -> Table:
    zone = wish.merchant.time_zone
    rows = Refund.objects.filter(merchant=wish.merchant, mode=wish.mode, **wish.during("created_at"))
    if wish.is_final:
        rows = rows.filter(status=RefundStatus.CONFIRMED)
    rows = rows.filter(**wish.of_asset(), **wish.listed())
    columns = [
        *times("asked_at", "created_at", zone),
        word("refund", "public_id"),
        word("session", "session__public_id"),
        text("order", "session__reference"),
        word("status", "status"),
        text("reason", "reason"),
        word("network", "network"),
        word("asset", "asset"),
        amount("amount", "amount_units", "decimals"),
        number("value", "value"),
        word("currency", "session__currency"),
        number("rate", "rate"),
        word("rate_basis", "rate_basis"),
        *rated("line__", zone),
        *_fees("transaction", wish),
        word("to_address", "to_address"),
        *times("seen_at", "seen_at", zone),
        *times("final_at", "confirmed_at", zone),
        word("tx", "transaction"),
        count("block", "block_number"),
    ]
    rows = rows.annotate(line=_newest_line("refund", LineKind.REFUNDED), transaction=SENT_WITH)
    return Table(columns, rows.annotate(place=_place(Window, "transaction", F("id"))).order_by("id"))


def collected(lines: QuerySet[BookLine]) -> QuerySet[Any, Any]:
    """What these lines tell of collections, less what the chain took back: a row for each transaction and asset.

    Of plain addresses, which nobody has to collect, a row for each day. What came to nothing is left out; what only
    became of known worth, of which all was told before, moves nothing and has that worth. What is of no known worth in
    part has none. `place` is the row's among its transaction's, the first is the newest.
    """
    lines = lines.filter(kind__in=_COLLECTING).annotate(day=Case(When(tx_hash="", then="booked_on"))).order_by()
    by = lines.values("network", "asset", "decimals", "tx_hash", "day", "reporting_currency")

    def net(of: type[Aggregate], name: str, among: Q = Q()) -> Combinable:  # noqa: B008  (never changed)
        done, undone = (of(name, filter=Q(kind=kind) & among) for kind in _COLLECTING)
        return Coalesce(done, 0, output_field=_EXACT) - Coalesce(undone, 0, output_field=_EXACT)

    rows = by.annotate(
        happened=Max("at"), booked=Max("booked_on"), units=net(Sum, "amount_units"), payments=net(Count, "id"),
        unknown=net(Count, "id", Q(reporting_value=None)), known=net(Sum, "reporting_value"),
    ).exclude(units=0, known=0, unknown=0)  # fmt: skip
    return rows.annotate(
        worth=Case(When(Q(unknown=0) | Q(unknown__lt=0, units=0), then=F("known"))),
        place=_place(OverGroups, "tx_hash", F("happened").desc(), F("asset")),
    )


def last_collected(lines: QuerySet[BookLine], *, since: datetime, most: int) -> QuerySet[Any, Any]:
    """`collected`, of the last transactions alone, each as a whole: of as many as the newest lines since then name."""
    of_collections = lines.filter(OF_COLLECTIONS)
    newest = of_collections.filter(at__gte=since).order_by("-at").values_list("tx_hash", flat=True)
    last = list(dict.fromkeys(newest[: most * MAX_DEPOSITS]))[:most]
    return collected(of_collections.filter(tx_hash__in=last))


def _collections(wish: Wish) -> Table:
    zone = wish.merchant.time_zone
    lines = book_lines(wish.merchant, wish.mode, first=wish.first, last=wish.last).filter(**wish.of_asset())
    columns = [
        *times("collected_at", "happened", zone),
        word("booked_on", "booked"),
        word("network", "network"),
        word("asset", "asset"),
        amount("amount", "units", "decimals"),
        count("payments", "payments"),
        number("reporting_value", "worth"),
        word("reporting_currency", "reporting_currency"),
        *_fees("tx_hash", wish),
        word("tx", "tx_hash"),
    ]
    return Table(columns, collected(lines).order_by("happened", "tx_hash", "asset"))


_COLLECTING = (LineKind.COLLECTED, LineKind.COLLECTION_TAKEN_BACK)
_EXACT: DecimalField[Decimal | str | int, Decimal] = DecimalField(max_digits=120, decimal_places=18)


def _lines(wish: Wish) -> Table:
    zone = wish.merchant.time_zone
    lines = book_lines(wish.merchant, wish.mode, first=wish.first, last=wish.last).filter(**wish.of_asset())
    columns = [
        word("booked_on", "booked_on"),
        *times("at", "at", zone),
        count("line", "id"),
        word("kind", "kind"),
        word("network", "network"),
        word("asset", "asset"),
        amount("amount", "amount_units", "decimals"),
        number("value", "value"),
        word("currency", "currency"),
        number("rate", "rate"),
        *rated("", zone),
        word("session", "session__public_id"),
        text("order", "session__reference"),
        word("payment", "payment__public_id"),
        word("refund", "refund__public_id"),
        word("tx", "tx_hash"),
    ]
    return Table(columns, lines.order_by("booked_on", "id"))


TABLES: Mapping[Export, Callable[[Wish], Table]] = {
    Export.PAYMENTS: _payments,
    Export.SESSIONS: _sessions,
    Export.REFUNDS: _refunds,
    Export.COLLECTIONS: _collections,
    Export.LINES: _lines,
}
