"""How times, amounts, counts, addresses and states are written on every page."""

import re
import secrets
from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from common.money import amount_text, plain, to_minor_unit
from merchants_app.frame.audit_lines import act_words
from merchants_app.frame.forms import ONCE
from merchants_app.frame.times import moment_words, place_words, time_tag

register = template.Library()

# Which page shows the thing of an id, by the id's prefix.
_PAGES = {"cs": "session", "pl": "link", "cus": "customer", "evt": "event", "we": "webhook"}
_ID = re.compile(r"(cs|pl|cus|evt|we|key)_[0-9a-z]+")

UNKNOWN = "\u2013"  # an en dash stands where there is nothing to show

_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (7, "day"), (52, "week"))


@register.filter
def when(value: datetime | None) -> str:
    """`today, 08:09` or `27 Nov, 17:20` in a <time>, in the business's zone; the full form is its title."""
    return UNKNOWN if value is None else time_tag(value, moment_words(value))


@register.filter
def exactly_when(value: datetime | None) -> str:
    """With seconds, for timelines."""
    return UNKNOWN if value is None else time_tag(value, moment_words(value, seconds=True))


@register.simple_tag
def clock_place() -> str:
    """Where the clock hangs that a page's times are told by: `in Berlin`, `UTC`."""
    return place_words()


@register.simple_tag(takes_context=True)
def page_of(context: Context, public_id: str) -> str:
    """Where the thing of this id is shown; empty for what has no page. Of a key it is what it asked.

    `without_page`, in the page's context: those that had one (`Scope.without_page`).
    """
    found = _ID.fullmatch(public_id)
    if found is None or public_id in (context.get("without_page") or ()):
        return ""
    if found[1] == "key":
        return f"{reverse('dashboard:requests', args=[context['at']])}?key={public_id}"
    return reverse(f"dashboard:{_PAGES[found[1]]}", args=[context["at"], public_id])


@register.simple_tag
def once() -> str:
    """In a form that makes something: so that two clicks make one (`frame/forms.py`)."""
    return format_html('<input type="hidden" name="{}" value="{}">', ONCE, secrets.token_urlsafe(16))


@register.filter
def ago(value: datetime | None) -> str:
    """`2 hours ago` or `in 5 minutes` in a <time>, with the exact time as its title."""
    if value is None:
        return UNKNOWN
    seconds = (timezone.now() - value).total_seconds()
    words = span(abs(seconds))
    text = f"{words} ago" if seconds >= 0 else f"in {words}"
    if words == "moments":
        text = "just now" if seconds >= 0 else "in a moment"
    return time_tag(value, text)


@register.filter
def lasting(since: datetime) -> str:
    """`2 hours` since then, in a <time>, with the exact time as its title."""
    return time_tag(since, span(max(0, (timezone.now() - since).total_seconds())), since=True)


@register.filter
def span(seconds: float) -> str:
    """A length of time in one unit: `moments`, `40 seconds`, `2 hours`."""
    if seconds < 5:
        return "moments"
    amount, name = seconds, "second"
    for size, following in zip([s for s, _ in _STEPS], [n for _, n in _STEPS[1:]], strict=False):
        if amount < size:
            break
        amount, name = amount / size, following
    count = int(amount)
    return f"{count} {name}{'' if count == 1 else 's'}"


@register.filter
def money(amount: Decimal | int | None, currency: str) -> str:
    """`18,240.50 USD`; an en dash when unknown. A template writes nothing received as 0."""
    return UNKNOWN if amount is None else format_html('<bdi class="amount">{}</bdi>', _said(amount, currency))


@register.filter
def money_figure(amount: Decimal | int | None, currency: str) -> str:
    """The same where it is the page's figure: the currency is smaller."""
    if amount is None:
        return UNKNOWN
    digits, _, unit = _said(amount, currency).rpartition(" ")
    return format_html('<bdi class="amount">{} <small>{}</small></bdi>', digits, unit)


@register.filter
def money_text(amount: Decimal | None, currency: str) -> str:
    """The same without markup, for sentences."""
    return UNKNOWN if amount is None else _said(amount, currency)


@register.simple_tag
def units(amount: int | Decimal, decimals: int, symbol: str) -> str:
    """Base units as an amount of the asset: `1,249.5 USDC`."""
    return format_html('<bdi class="amount">{} {}</bdi>', _grouped(Decimal(amount_text(amount, decimals))), symbol)


@register.filter
def sum_of(amount: Decimal | None) -> str:
    """`−1,249.50` in a column of sums: two decimals, or as many as it has; a dash for nothing."""
    if not amount:
        return format_html('<span class="soft">{}</span>', UNKNOWN)
    whole, _, decimals = plain(amount).partition(".")
    return format_html('<bdi class="amount">{}</bdi>', _grouped(Decimal(f"{whole}.{decimals:0<2}")))


@register.filter
def worth_of(amount: Decimal | None, currency: str) -> str:
    """The same of a worth, to the currency's smallest unit and without its name, which stands above the column."""
    if not amount:
        return format_html('<span class="soft">{}</span>', UNKNOWN)
    return format_html('<bdi class="amount">{}</bdi>', _grouped(to_minor_unit(amount, currency)))


@register.filter
def share_words(share: Decimal) -> str:
    """A part of something in percent: `under 0.1 %`, `8.6 %`."""
    return "under 0.1 %" if share < Decimal("0.001") else f"{share * 100:,.1f} %"


@register.filter
def less(amount: Decimal | None) -> Decimal | None:
    """What is taken away, below zero."""
    return -amount if amount else None


@register.filter
def count(number: int | None) -> str:
    """`1,204`; an en dash for none."""
    return f"{number:,}" if number else UNKNOWN


@register.filter
def address(value: str) -> str:
    """An address in groups of four, first and last strong, so that two can be compared."""
    if not value.startswith("0x"):
        return format_html('<span class="address">{}</span>', value)
    groups = [value[:6], *(value[i : i + 4] for i in range(6, len(value), 4))]
    strong = {0, len(groups) - 1}
    parts = format_html_join(
        " ", "{}", [(format_html("<mark>{}</mark>", g) if i in strong else g,) for i, g in enumerate(groups)]
    )
    return format_html('<span class="address">{}</span>', parts)


@register.filter
def whole_hash(value: str) -> str:
    """A transaction or address whole, in groups of four, the first two and the last strong."""
    text = value.removeprefix("0x")
    groups = [text[at : at + 4] for at in range(0, len(text), 4)]
    groups[0] = f"0x{groups[0]}" if value.startswith("0x") else groups[0]
    strong = {0, 1, len(groups) - 1} if len(groups) > 12 else {0, len(groups) - 1}
    marked = [(format_html("<mark>{}</mark>", each) if at in strong else each,) for at, each in enumerate(groups)]
    return format_html('<bdi class="hash" translate="no">{}</bdi>', format_html_join(" ", "{}", marked))


@register.filter
def short_hash(value: str) -> str:
    """A hash that is only to be recognised: first and last characters, the whole in the title."""
    if len(value) <= 20:
        return format_html("<code>{}</code>", value)
    return format_html('<code title="{}">{}…{}</code>', value, value[:10], value[-6:])


@register.filter
def duration(seconds: float) -> str:
    """`1 min 48 s`: the two largest units."""
    whole = int(seconds)
    parts = ((whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s"))
    shown = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(shown[:2]) or "0 s"


@register.filter
def took(milliseconds: int | Decimal) -> str:
    """How long an answer took: `84 ms`, `1.9 s`."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


@register.filter
def hour_of(begin: datetime) -> str:
    """The hour that begins then: `today, 07 to 08`."""
    day, _, clock = moment_words(begin).partition(", ")
    return f"{day}, {clock[:2]} to {timezone.localtime(begin + timedelta(hours=1)):%H}"


@register.filter
def plainly(number: Decimal) -> str:
    """Digits without trailing zeros: 0.0150 → 0.015."""
    return plain(number)


@register.filter
def words(name: str) -> str:
    """A program's name as words: `next_attempt_at` → `next attempt at`."""
    return name.replace("_", " ")


@register.filter
def act(action: str) -> str:
    """An audit action as words: `api_key.created` → `API key created`."""
    text = act_words(action)
    return f"API{text[3:]}" if text.startswith("api ") else f"{text[:1].upper()}{text[1:]}"


@register.inclusion_tag("dashboard/_field.html")
def field(bound: object, unit: str = "") -> dict[str, object]:
    """A form field with label, help and error tied to it for screen readers; a unit stands behind what is typed."""
    return {"field": bound, "unit": unit}


def _said(amount: Decimal | int, currency: str) -> str:
    return f"{_grouped(to_minor_unit(Decimal(amount), currency))} {currency}"


def _grouped(number: Decimal) -> str:
    """Thousands set apart, and a true minus."""
    return f"{number:,f}".replace("-", "\u2212")
