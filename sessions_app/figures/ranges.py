"""The days that the overview is about: said in its address, by the business's own calendar."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from merchants_app.models import FIRST_DAY, LAST_DAY

# Of an own range. Longer ones are what the books and their files are for.
MOST_DAYS = 1100
_LENGTHS = {"today": 1, "7d": 7, "30d": 30, "90d": 90}
OFFERED = ("today", "yesterday", "7d", "30d", "90d", "month")
USUAL = "30d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Some days in a row, the last one included."""

    name: str  # as the address says it; `own` when both ends were given
    first: date
    last: date
    today: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def has_today(self) -> bool:
        """Whether it is still going on."""
        return self.first <= self.today <= self.last

    @property
    def label(self) -> str:
        """`today`, `30 days`, `November`, `3 to 12 Nov 2026`."""
        if self.name == "own":
            same_month = (self.first.year, self.first.month) == (self.last.year, self.last.month)
            first = f"{self.first:%-d}" if same_month else f"{self.first:%-d %b %Y}"
            return f"{self.last:%-d %b %Y}" if self.days == 1 else f"{first} to {self.last:%-d %b %Y}"
        return {"today": "today", "yesterday": "yesterday", "month": f"{self.first:%B}"}.get(
            self.name, f"{self.days} days"
        )

    @property
    def before(self) -> "Range":
        """As many days as these, right before them."""
        length = timedelta(days=self.days)
        return Range(name="own", first=self.first - length, last=self.last - length, today=self.today)

    @property
    def before_label(self) -> str:
        """What it is compared with."""
        return "the day before" if self.days == 1 else f"the {self.days} days before"


def named(name: str, *, today: date) -> Range:
    """One of those on offer; the usual one for any other word."""
    if name == "yesterday":
        day = today - timedelta(days=1)
        return Range(name=name, first=day, last=day, today=today)
    if name == "month":
        return Range(name=name, first=today.replace(day=1), last=today, today=today)
    name = name if name in _LENGTHS else USUAL
    return Range(name=name, first=today - timedelta(days=_LENGTHS[name] - 1), last=today, today=today)


def asked(query: Mapping[str, str], *, today: date) -> Range:
    """What the address asks for: `?range=7d`, or `?from=2026-11-03&to=2026-11-12`. What makes no sense is the usual."""
    first, last = _day(query.get("from", "")), _day(query.get("to", ""))
    if first is None and last is None:
        return named(query.get("range", ""), today=today)
    first, last = sorted((first or last or today, last or today))
    last = min(last, today)
    first = max(min(first, last), last - timedelta(days=MOST_DAYS - 1))
    return Range(name="own", first=first, last=last, today=today)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None
