"""What was collected lately is told of whole transactions, whenever each part of them was learned of."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.books import tables
from sessions_app.books.definitions import book_lines
from sessions_app.books.tables import last_collected
from sessions_app.models import BookLine, LineKind

NOW = timezone.now()
COLLECTED, BACK = LineKind.COLLECTED, LineKind.COLLECTION_TAKEN_BACK
Line = tuple[LineKind, int, timedelta] | tuple[LineKind, int, timedelta, str]


def hours(ago: int) -> timedelta:
    return timedelta(hours=ago)


def book(mia: Merchant, *lines: Line) -> None:
    """So many units, so long ago, with one transaction or with the one that is named."""
    for turn, (kind, units, ago, *tx) in enumerate(lines, start=1):
        at = NOW - ago
        BookLine.objects.create(
            merchant=mia, mode="test", kind=kind, turn=turn, amount_units=units, at=at, booked_on=at.date(),
            tx_hash="".join(tx) or "0x1", network="sandbox", asset="USDC", decimals=6, reporting_currency="USD",
        )  # fmt: skip


def shown(mia: Merchant, *, most: int = 10, since: datetime = NOW - timedelta(days=92)) -> list[tuple[Any, ...]]:
    """Transaction, units, payments; the newest first."""
    rows = last_collected(book_lines(mia, "test"), since=since, most=most)
    return list(rows.order_by("-happened").values_list("tx_hash", "units", "payments"))


def test_what_was_taken_back_is_not_shown(mia: Merchant) -> None:
    book(mia, (COLLECTED, 100, hours(2)), (BACK, 100, hours(1)))
    assert shown(mia) == []


def test_what_was_booked_anew_with_its_worth_is_shown_once(mia: Merchant) -> None:
    book(mia, (COLLECTED, 100, hours(3)), (BACK, 100, hours(1)), (COLLECTED, 100, hours(3)))
    assert shown(mia) == [("0x1", 100, 1)]


def test_what_was_learned_of_in_two_runs_is_one(mia: Merchant) -> None:
    book(mia, (COLLECTED, 100, hours(2)), (COLLECTED, 50, hours(1)))
    assert shown(mia) == [("0x1", 150, 2)]


def test_of_what_is_shown_no_part_is_too_long_ago(mia: Merchant) -> None:
    long = timedelta(days=93)
    book(
        mia, (COLLECTED, 100, long), (COLLECTED, 50, hours(1)), (COLLECTED, 70, long, "0x2"),
        (BACK, 70, hours(2), "0x2"), (COLLECTED, 9, long, "0x3"),
    )  # fmt: skip
    assert shown(mia) == [("0x1", 150, 2)]


def test_the_last_are_those_of_the_newest_lines(mia: Merchant) -> None:
    book(
        mia, (COLLECTED, 10, hours(9)), (COLLECTED, 20, hours(2), "0x2"), (COLLECTED, 30, hours(3), "0x3"),
        (COLLECTED, 40, hours(1)),
    )  # fmt: skip
    assert shown(mia, most=2) == [("0x1", 50, 2), ("0x2", 20, 1)]


def test_of_more_lines_than_are_looked_at_none_is_missing_from_its_sum(mia: Merchant) -> None:
    book(mia, *((COLLECTED, 1, hours(each)) for each in (1, 2, 3)))
    with patch.object(tables, "MAX_DEPOSITS", 1):
        assert shown(mia, most=1) == [("0x1", 3, 3)]


@pytest.mark.django_db
def test_nothing_was_collected(mia: Merchant) -> None:
    assert shown(mia) == []
