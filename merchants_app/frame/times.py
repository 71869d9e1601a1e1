"""How the dashboard says a moment: by its distance from today, in the zone that is in force there, the business's.

The full form, with UTC, is the title of its <time>.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString


def moment_words(moment: datetime, *, now: datetime | None = None, seconds: bool = False) -> str:
    """`today, 08:09`, `yesterday, 21:33`, `27 Nov, 17:20`; of another year `27 Nov 2025, 17:20`."""
    here = timezone.localtime(moment)
    clock = f"{here:%H:%M:%S}" if seconds else f"{here:%H:%M}"
    return f"{day_words(here.date(), today=timezone.localtime(now).date())}, {clock}"


def day_words(day: date, *, today: date) -> str:
    """`today`, `tomorrow`, `27 Nov`, `27 Nov 2025`."""
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get((day - today).days)
    return near or (f"{day:%-d %b}" if day.year == today.year else f"{day:%-d %b %Y}")


def full_words(moment: datetime) -> str:
    """`Sunday, 29 November 2026, 08:09:03 in Berlin (07:09:03 UTC)`; the UTC day too, where it is another."""
    here, there = timezone.localtime(moment), moment.astimezone(UTC)
    if here.utcoffset() == timedelta():
        return f"{there:%A, %-d %B %Y, %H:%M:%S} UTC"
    universal = f"{there:%H:%M:%S} UTC" + (f", {there:%-d %b}" if there.date() != here.date() else "")
    return f"{here:%A, %-d %B %Y, %H:%M:%S} {place_words()} ({universal})"


def place_words() -> str:
    """Where the clock hangs: `in Berlin`, `in Buenos Aires`, `UTC`."""
    zone = timezone.get_current_timezone()
    name = zone.key if isinstance(zone, ZoneInfo) else "UTC"
    return f"in {name.rpartition('/')[2].replace('_', ' ')}" if "/" in name and not name.startswith("Etc/") else name


def time_tag(moment: datetime, words: str, *, since: bool = False) -> SafeString:
    """The words in a <time> that has the full form as its title."""
    iso = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    title = f"since {full_words(moment)}" if since else full_words(moment)
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, title, words)
