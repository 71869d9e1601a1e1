"""The days and months of a business: by its clock, until they are closed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from merchants_app.models import FIRST_DAY, LAST_DAY, Merchant

# So long after its end a month waits for what is not final yet, then it never changes again.
CLOSES_AFTER = timedelta(hours=6)


def local_day(moment: datetime, merchant: Merchant) -> date:
    """The day in the business's time zone."""
    return moment.astimezone(ZoneInfo(merchant.time_zone)).date()


def booking_day(at: datetime, *, merchant: Merchant, now: datetime, is_first_booking: bool = False) -> date:
    """The day on which it happened; of a month that is closed by now, the day on which it is learned, or the next.

    `is_first_booking`: of what was known before books were kept, by `now`. No month was closed by another zone then.
    """
    day = local_day(at, merchant)
    first = _open_by_clock(merchant, now=now) if is_first_booking else first_open_day(merchant, now=now)
    return day if day >= first else max(local_day(now, merchant), first)


def is_closed(day: date, *, merchant: Merchant, now: datetime) -> bool:
    """Whether the month of a day is."""
    return day < first_open_day(merchant, now=now)


def first_open_day(merchant: Merchant, *, now: datetime) -> date:
    """The first of the oldest month that is not closed, by the time zone of now or by that of before."""
    first = _open_by_clock(merchant, now=now)
    return max(first, merchant.months_closed_to or first)


def _open_by_clock(merchant: Merchant, *, now: datetime) -> date:
    month = local_day(now, merchant).replace(day=1)
    last_month = (month - timedelta(days=1)).replace(day=1)
    return last_month if closes_at(last_month, merchant) > now else month


def closes_at(day: date, merchant: Merchant) -> datetime:
    """When the month of a day is closed, by the time zone of now."""
    return beginning(next_month(day), merchant) + CLOSES_AFTER


def beginning(day: date, merchant: Merchant) -> datetime:
    """The day's first moment in the business's time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(merchant.time_zone))


def next_month(day: date) -> date:
    """The first of the month after."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def day_in(text: str) -> date | None:
    """The day that a text names: `2026-11-27`, `27.11.2026`, `27 Nov 2026`, and `27 Nov` of this year."""
    for words in (text, f"{text} {timezone.now().year}"):
        for layout in ("%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%b %d %Y"):
            try:
                day = datetime.strptime(words.replace(",", ""), layout).date()  # noqa: DTZ007  (a day has no zone)
            except ValueError:
                continue
            return day if FIRST_DAY <= day <= LAST_DAY else None
    return None
