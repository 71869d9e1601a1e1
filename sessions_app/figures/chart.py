"""The overview's chart as numbers: a picture of 1000 by 160, drawn by a template without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from sessions_app.figures.income import Bucket

WIDTH, HEIGHT = 1000, 160
_FILLED = 0.68  # of a bar's place
_MARKS = 5


class Bar(NamedTuple):
    """A bar and its place, which is pointed at; texts as SVG takes them."""

    bucket: Bucket
    place: str
    place_width: str
    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars, the figures beside them from the top, and the days below them."""

    bars: Sequence[Bar]
    scale: Sequence[Decimal]
    marks: Sequence[Bucket]


def chart_of(buckets: Sequence[Bucket]) -> Chart:
    """With a round figure at the top."""
    top = _round_above(max((each.value for each in buckets), default=Decimal(0)))
    place = WIDTH / len(buckets)
    bars = []
    for number, each in enumerate(buckets):
        height = float(HEIGHT * max(each.value, Decimal(0)) / top)
        start = place * (number + (1 - _FILLED) / 2)
        numbers = (place * number, place, start, place * _FILLED, HEIGHT - height, height)
        bars.append(Bar(each, *(f"{value:.1f}" for value in numbers)))
    step = max(1, -(-len(buckets) // (_MARKS - 1)))
    marks = [*buckets[: -max(1, step // 2) : step], buckets[-1]] if len(buckets) > 1 else [*buckets]
    return Chart(bars=bars, scale=(top, top / 2, Decimal(0)), marks=marks)


def _round_above(value: Decimal) -> Decimal:
    """The next of 1, 2, 5, 10, 20 …; 1 for nothing."""
    if value <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(value.adjusted())
    return next(step * power for step in map(Decimal, (1, 2, 5, 10)) if step * power >= value)
