"""Which days the overview is about, by its address; and the bars of its chart."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from sessions_app.figures.chart import chart_of
from sessions_app.figures.income import Bucket
from sessions_app.figures.ranges import asked

TODAY = date(2026, 11, 29)
ASKED = [
    ("", "2026-10-31", "2026-11-29", "30 days", "2026-10-01"),
    ("range=today", "2026-11-29", "2026-11-29", "today", "2026-11-28"),
    ("range=yesterday", "2026-11-28", "2026-11-28", "yesterday", "2026-11-27"),
    ("range=7d", "2026-11-23", "2026-11-29", "7 days", "2026-11-16"),
    ("range=90d", "2026-09-01", "2026-11-29", "90 days", "2026-06-03"),
    ("range=month", "2026-11-01", "2026-11-29", "November", "2026-10-03"),
    ("range=nonsense", "2026-10-31", "2026-11-29", "30 days", "2026-10-01"),
    ("from=2026-11-03&to=2026-11-12", "2026-11-03", "2026-11-12", "3 to 12 Nov 2026", "2026-10-24"),
    ("from=2026-11-12&to=2026-11-03", "2026-11-03", "2026-11-12", "3 to 12 Nov 2026", "2026-10-24"),
    ("from=2025-12-30&to=2026-01-02", "2025-12-30", "2026-01-02", "30 Dec 2025 to 2 Jan 2026", "2025-12-26"),
    ("from=2026-11-03", "2026-11-03", "2026-11-29", "3 to 29 Nov 2026", "2026-10-07"),
    ("to=2026-11-03", "2026-11-03", "2026-11-03", "3 Nov 2026", "2026-11-02"),
    ("from=2026-12-24&to=2027-01-01", "2026-11-29", "2026-11-29", "29 Nov 2026", "2026-11-28"),
    ("from=2026-13-45&to=x", "2026-10-31", "2026-11-29", "30 days", "2026-10-01"),
    ("from=1970-01-02", "2023-11-26", "2026-11-29", "26 Nov 2023 to 29 Nov 2026", "2020-11-21"),
    ("from=0001-01-01&to=0001-01-01", "2026-10-31", "2026-11-29", "30 days", "2026-10-01"),
    ("from=9999-12-31&to=9999-12-31", "2026-10-31", "2026-11-29", "30 days", "2026-10-01"),
]


@pytest.mark.parametrize(("query", "first", "last", "label", "before"), ASKED)
def test_the_address_says_which_days(query: str, first: str, last: str, label: str, before: str) -> None:
    words = dict(part.split("=") for part in query.split("&") if part)
    days = asked(words, today=TODAY)
    assert (days.first, days.last) == (date.fromisoformat(first), date.fromisoformat(last))
    assert days.label == label
    assert days.before.first == date.fromisoformat(before)
    assert days.before.last == days.first - timedelta(days=1)


def bucket(number: int, value: str) -> Bucket:
    day = TODAY - timedelta(days=number)
    return Bucket(first=day, last=day, value=Decimal(value), is_going_on=number == 0)


@pytest.mark.parametrize(
    ("most", "top"), [("0", "1"), ("0.004", "0.005"), ("1", "1"), ("655.23", "1000"), ("1001", "2000"), ("4e9", "5e9")]
)
def test_the_scale_ends_at_a_round_figure_above_the_highest_bar(most: str, top: str) -> None:
    assert chart_of([bucket(1, most), bucket(0, "0")]).scale[0] == Decimal(top)


def test_bars_stand_on_the_ground_side_by_side() -> None:
    chart = chart_of([bucket(3, "500"), bucket(2, "1000"), bucket(1, "-5"), bucket(0, "250")])
    assert [(bar.place, bar.y, bar.height) for bar in chart.bars] == [
        ("0.0", "80.0", "80.0"), ("250.0", "0.0", "160.0"), ("500.0", "160.0", "0.0"), ("750.0", "120.0", "40.0"),
    ]  # fmt: skip
    assert chart.marks[-1].is_going_on


@pytest.mark.parametrize("count", [1, 2, 3, 7, 29, 30, 31, 90, 92, 157])
def test_a_handful_of_days_stands_below_it_the_last_one_among_them(count: int) -> None:
    buckets = [bucket(number, "1") for number in reversed(range(count))]
    marks = chart_of(buckets).marks
    assert marks[0] == buckets[0]
    assert marks[-1] == buckets[-1]
    assert len(marks) == len({mark.first for mark in marks}) <= 5
