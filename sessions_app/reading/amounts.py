"""How the buyer's pages and letters write amounts, addresses, times and lengths of time, in the reader's language."""

from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, get_timezone_location
from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext, ngettext

from chains_app.networks.networks import Asset
from common.money import amount_text, minor_digits, to_minor_unit


def money_text(amount: Decimal, currency: str) -> str:
    """Fiat in the reader's own number format, without the currency: 1234.5 USD → '1,234.50' or '1.234,50'."""
    digits = minor_digits(currency)
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    return format_decimal(to_minor_unit(amount, currency), format=pattern, locale=readers_locale())


def asset_text(units: int | Decimal, decimals: int, asset: Asset | None) -> str:
    """Chain amounts as one types them into a wallet, ungrouped; a stablecoin with its cents: '49.00', '0.0153'."""
    text = amount_text(units, decimals)
    if asset is None or asset.peg is None:
        return text
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(2, '0')}"


def address_groups(address: str) -> list[str]:
    """An address in groups of four, to be compared by eye: '0x51e1', '7bA0', …"""
    return [address[:6], *(address[at : at + 4] for at in range(6, len(address), 4))]


def masked_email(email: str) -> str:
    """Enough to recognise one's own address, too little to learn somebody else's: 'j•••@example.com'."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}•••@{domain}" if name else ""


def cut(text: str, most: int) -> str:
    """As much of a shop's text as the page has room for."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def clock_text(left: timedelta) -> str:
    """A countdown: '14:32', '1:02:10'. Never below zero."""
    seconds = max(0, int(left.total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def duration_text(left: timedelta) -> str:
    """A length of time in its largest unit, rounded up: '40 seconds', '3 minutes', '2 hours', '6 days'."""
    seconds = max(1, -int(-left.total_seconds() // 1))
    if seconds < 60:
        return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
    minutes = -(-seconds // 60)
    if minutes < 120:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    hours = -(-minutes // 60)
    if hours < 48:
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    days = -(-hours // 24)
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


def moment_text(at: datetime, *, time: str = "%H:%M", place: str = "UTC") -> str:
    """A moment in UTC, said so, in the reader's own way: 'Nov 22, 2026, 21:55 UTC', '22.11.2026, 21:55 UTC'.

    Behind it the clock of another place, by its time zone: '(22:55 Berlin)'; with the day, where that differs.
    """
    utc = gettext("%(moment)s UTC") % {"moment": f"{format_date(at, locale=readers_locale())}, {at:{time}}"}
    there = at.astimezone(ZoneInfo(place))
    if there.utcoffset() == at.utcoffset():
        return utc
    day = "" if there.date() == at.date() else f"{format_date(there, locale=readers_locale())}, "
    city = get_timezone_location(there.tzinfo, locale=readers_locale(), return_city=True)
    return f"{utc} ({day}{there:{time}} {city})"


def time_text(at: datetime) -> str:
    """A moment of today in UTC, said so: '21:55 UTC'."""
    return gettext("%(moment)s UTC") % {"moment": f"{at:%H:%M}"}


def day_text(at: datetime) -> str:
    """A day, in the reader's language: '5 December'."""
    return format_skeleton("MMMMd", at, locale=readers_locale())


def host_of(link: str) -> str:
    """Whose page a link opens: 'basescan.org'; empty for no link."""
    return (urlsplit(link).hostname or "").removeprefix("www.")


def readers_locale() -> Locale:
    """How the page's language writes numbers."""
    try:
        return Locale.parse((get_language() or "en").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
