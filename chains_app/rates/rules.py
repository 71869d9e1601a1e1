"""Decides, from readings alone, what a pair costs or why nobody can say. No clock, no network, no database.

Whoever can make one source say what he likes must gain nothing by it: a price is what more than half of the sources
say, and a source that stands alone is held to the last price that was known to be right.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from statistics import median

from chains_app.rates.pairs import Pair

MAX_AGE = timedelta(minutes=5)
MAX_APART = Decimal("0.02")
MAX_PEG_OFF = Decimal("0.01")
# A lone source may be this far from the anchor; that follows it once an hour at most, and is forgotten after a day.
MAX_JUMP = Decimal("0.20")
ANCHOR_FOLLOWS = timedelta(hours=1)
ANCHOR_LASTS = timedelta(hours=24)
# Without any history a lone source must at least be of the right size. A slip of the decimal point is a factor of 10.
ABOUT_FACTOR = 4
# Clocks of two machines differ a little; a reading from further in the future is nonsense.
CLOCKS_DIFFER = timedelta(minutes=1)


class Rule(StrEnum):
    """Which rule chose a price."""

    MEDIAN = "median"
    ONLY_SOURCE = "only_source"
    PEG = "peg"
    FIXED = "fixed_test_table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one source said of one pair, and when."""

    source: str
    pair: str
    value: Decimal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The last price that was known to be right."""

    value: Decimal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a pair costs, and on whose word."""

    value: Decimal
    rule: Rule
    used: tuple[Reading, ...]
    ignored: tuple[Reading, ...]

    @property
    def disagreement(self) -> Decimal:
        """How far apart the believed sources are: 0.012 is 1.2 %."""
        return apart([reading.value for reading in self.used])


@dataclass(frozen=True, slots=True)
class NoPrice:
    """Why a pair has no price now: the end of a sentence for the buyer."""

    reason: str


def judge(pair: Pair, readings: Iterable[Reading], *, anchor: Anchor | None, now: datetime) -> Price | NoPrice:
    """The price of a pair at a moment. The same readings give the same price, in whatever order they come."""
    fresh = sorted((r for r in readings if r.pair == pair.name and _is_fresh(r, now)), key=_order)
    if not fresh:
        return NoPrice("no source of rates has answered in the last 5 minutes")
    if len(fresh) > 1 and (agreeing := largest_agreement(fresh)):
        return _price(Rule.MEDIAN, agreeing, fresh)
    if anchor and now - anchor.at > ANCHOR_LASTS:
        anchor = None
    # The sources disagree or only one is left: those count that are near what was right before.
    credible = [reading for reading in fresh if _is_credible(reading.value, pair, anchor, alone=len(fresh) == 1)]
    if credible and apart([reading.value for reading in credible]) <= MAX_APART:
        return _price(Rule.MEDIAN if len(credible) > 1 else Rule.ONLY_SOURCE, credible, fresh)
    if len(fresh) > 1:
        return NoPrice("the sources of its rate are more than 2 % apart")
    return NoPrice("only one source of rates answers, and what it says is too far from what was known before")


def anchor_after(anchor: Anchor | None, price: Price | NoPrice, *, now: datetime) -> Anchor | None:
    """The anchor from now on.

    Sources that agree set it. A lone one moves it once an hour: it could otherwise walk anywhere in small steps.
    """
    if anchor and now - anchor.at > ANCHOR_LASTS:
        anchor = None
    if isinstance(price, NoPrice):
        return anchor
    if price.rule == Rule.MEDIAN or anchor is None or now - anchor.at >= ANCHOR_FOLLOWS:
        return Anchor(value=price.value, at=now)
    return anchor


def largest_agreement(readings: list[Reading]) -> list[Reading]:
    """The most sources, more than half of all, that are at most 2 % apart; empty when there are none such.

    Of two groups as large the one closer together counts, then the cheaper: that never costs the merchant.
    """
    ordered = sorted(readings, key=_order)
    for size in range(len(ordered), len(ordered) // 2, -1):
        groups = [ordered[start : start + size] for start in range(len(ordered) - size + 1)]
        spreads = [(apart([reading.value for reading in group]), start) for start, group in enumerate(groups)]
        spread, start = min(spreads)
        if spread <= MAX_APART:
            return groups[start]
    return []


def apart(values: list[Decimal]) -> Decimal:
    """How much more the highest is than the lowest, as a fraction of the lowest."""
    return (max(values) - min(values)) / min(values)


def keeps_peg(worth: Decimal) -> bool:
    """Whether a stablecoin that is worth this in its own currency counts as one of it."""
    return abs(worth - 1) <= MAX_PEG_OFF


def inverse(value: Decimal) -> Decimal:
    """1 ÷ value, to 20 digits."""
    with localcontext(prec=20):
        return 1 / value


def _is_fresh(reading: Reading, now: datetime) -> bool:
    return reading.value > 0 and -CLOCKS_DIFFER <= now - reading.at <= MAX_AGE


def _is_credible(value: Decimal, pair: Pair, anchor: Anchor | None, *, alone: bool) -> bool:
    if anchor:
        return abs(value - anchor.value) <= anchor.value * MAX_JUMP
    # The rough size can back up a source that stands alone, but is too rough to choose between two that disagree.
    return alone and pair.about is not None and pair.about / ABOUT_FACTOR <= value <= pair.about * ABOUT_FACTOR


def _price(rule: Rule, used: list[Reading], fresh: list[Reading]) -> Price:
    return Price(
        value=median(reading.value for reading in used),
        rule=rule,
        used=tuple(used),
        ignored=tuple(reading for reading in fresh if reading not in used),
    )


def _order(reading: Reading) -> tuple[Decimal, str]:
    return (reading.value, reading.source)
