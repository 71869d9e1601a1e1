"""How the buyer's pages and letters write amounts, addresses and times, and sentences that hold such facts.

A browser that translates a page changes its words, and must change no amount, address or name. So a sentence knows its
facts: each stands between two marks of Unicode (U+2068 and U+2069, which also keep its direction to itself). A page
writes `<bdi translate="no">` for them, as does its script (`static/js/pay/words.js`); everybody else reads plain text.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
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


def any_of(names: Iterable[str]) -> str:
    """'Ethereum, Base or Polygon', in the reader's language; empty for none."""
    return format_list(list(names), style="or", locale=readers_locale())


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


def moment_text(at: datetime, *, time: str = "%H:%M") -> str:
    """A moment in UTC, said so, in the reader's own way: 'Nov 22, 2026, 21:55 UTC', '22.11.2026, 21:55 UTC'."""
    return gettext("%(moment)s UTC") % {"moment": f"{format_date(at, locale=readers_locale())}, {at:{time}}"}


def time_text(at: datetime) -> str:
    """A moment of today in UTC, said so: '21:55 UTC'."""
    return gettext("%(moment)s UTC") % {"moment": f"{at:%H:%M}"}


def here(text: str, at: datetime) -> "Sentence":
    """Such a text on a page, whose script puts the reader's own time behind it."""
    return _sentence(f"{_TIME}{at.isoformat()}{_OF}{text}{_OVER}")


def moment_to_the_second(at: datetime) -> "Sentence":
    """As receipts have it: 'Nov 22, 2026, 21:55:07 UTC'."""
    return here(moment_text(at, time="%H:%M:%S"), at)


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


# Marks within a sentence: around a fact, and before a moment, between it and its words, and behind those.
_BEGIN, _END, _TIME, _OF, _OVER = "\u2068", "\u2069", "\u2066", "\u2067", "\u2064"
_MARKS = str.maketrans("", "", _BEGIN + _END + _TIME + _OF + _OVER)
_MOMENT = re.compile(f"{_TIME}([^{_OF}]*){_OF}")


class Sentence(str):
    """As text it is plain; a template writes each fact so that no browser translates it, and moments as such."""

    marked = ""  # with the facts between their marks; empty: it has none

    def __html__(self) -> SafeString:
        written = escape(self.marked or str(self)).replace(_BEGIN, '<bdi translate="no">').replace(_END, "</bdi>")
        written = _MOMENT.sub(r'<time datetime="\1" data-here>', written).replace(_OVER, "</time>")
        return mark_safe(written)  # noqa: S308 - escaped above


def kept(fact: object) -> Sentence:
    """Something that no translating browser may change; of a sentence, only its facts."""
    return fact if isinstance(fact, Sentence) else _sentence(f"{_BEGIN}{str(fact).translate(_MARKS)}{_END}")


def filled(sentence: str, names: Mapping[str, object]) -> Sentence:
    """The sentence with its names in their places. All of them are kept but what is a `Sentence`: its words are not."""
    facts = {name: kept(fact) for name, fact in names.items()}
    return _sentence(sentence % {name: fact.marked or fact for name, fact in facts.items()})


def _sentence(marked: str) -> Sentence:
    sentence = Sentence(_MOMENT.sub("", marked).translate(_MARKS))
    sentence.marked = marked
    return sentence
