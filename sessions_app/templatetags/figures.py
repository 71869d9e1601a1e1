"""How the overview writes its figures, days and shares."""

from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlencode

from django import template
from django.utils import timezone
from django.utils.html import format_html

from merchants_app.frame.times import day_words
from sessions_app.figures.income import Bucket

register = template.Library()


@register.filter
def full_day(moment: datetime) -> str:
    """`Sunday, 29 November 2026`."""
    return f"{timezone.localtime(moment):%A, %-d %B %Y}"


@register.filter
def clock(moment: datetime) -> str:
    """`08:12`."""
    return f"{timezone.localtime(moment):%H:%M}"


@register.filter
def day_word(moment: datetime) -> str:
    """`tomorrow`, `29 Nov`."""
    return day_words(timezone.localtime(moment).date(), today=timezone.localdate())


@register.filter
def days_of(bucket: Bucket) -> str:
    """`Sun 29 Nov`, or a week's `23 Nov to 29 Nov`."""
    if bucket.first == bucket.last:
        return f"{bucket.first:%a %-d %b}"
    return f"{bucket.first:%-d %b} to {bucket.last:%-d %b}"


@register.filter
def on_scale(value: Decimal) -> str:
    """`1,000`, `0.5`."""
    return f"{value.normalize():,f}"


@register.filter
def signed(number: int) -> str:
    """`+27`, and a true minus."""
    return f"{number:+,}".replace("-", "\u2212")


@register.filter
def counted(number: int, most: int) -> str:
    """`42`; `1,000 and more` where counting ended there."""
    return f"{number:,} and more" if number >= most else f"{number:,}"


@register.simple_tag
def dates(first: date, last: date) -> str:
    """The lists' own words for these days, for an address."""
    return urlencode({"since": first, "until": last})


@register.simple_tag
def percent(part: int, whole: int) -> int:
    """Rounded."""
    return round(100 * part / whole) if whole else 0


@register.simple_tag
def share(part: float, whole: float) -> str:
    """A bar that is so full."""
    width = f"{100 * part / whole:.1f}" if whole else "0"
    return format_html(
        '<svg class="share" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="1"/></svg>',
        width,
    )
