"""Moments are said in the business's zone, by their distance from its today; the title has all of it."""

from datetime import datetime
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from merchants_app.frame.times import full_words, place_words
from merchants_app.templatetags.look import ago, count, exactly_when, money, money_figure, units, when

NOW = "2026-11-29T07:12:20+00:00"
WORDS = [
    ("2026-11-29T07:09:03Z", "Europe/Berlin", "today, 08:09"),
    ("2026-11-28T20:33:29Z", "Europe/Berlin", "yesterday, 21:33"),
    ("2026-11-28T23:41:42Z", "Europe/Berlin", "today, 00:41"),
    ("2026-11-28T23:41:42Z", "UTC", "yesterday, 23:41"),
    ("2026-11-30T06:40:00Z", "Europe/Berlin", "tomorrow, 07:40"),
    ("2026-11-27T16:20:00Z", "Europe/Berlin", "27 Nov, 17:20"),
    ("2025-11-27T16:20:00Z", "Europe/Berlin", "27 Nov 2025, 17:20"),
    ("2026-11-29T11:00:00Z", "Pacific/Auckland", "tomorrow, 00:00"),
]


@pytest.mark.parametrize(("moment", "zone", "said"), WORDS)
def test_a_moment_is_said_by_its_distance_from_today(moment: str, zone: str, said: str) -> None:
    with time_machine.travel(NOW, tick=False), timezone.override(zone):
        assert f">{said}</time>" in when(datetime.fromisoformat(moment))


def test_the_title_has_the_day_the_place_and_utc() -> None:
    with timezone.override("Europe/Berlin"):
        same, another = (datetime.fromisoformat(text) for text in ("2026-11-29T07:09:03Z", "2026-11-28T23:41:42Z"))
        assert full_words(same) == "Sunday, 29 November 2026, 08:09:03 in Berlin (07:09:03 UTC)"
        assert full_words(another) == "Sunday, 29 November 2026, 00:41:42 in Berlin (23:41:42 UTC, 28 Nov)"
    with timezone.override("UTC"):
        assert full_words(same) == "Sunday, 29 November 2026, 07:09:03 UTC"


@pytest.mark.parametrize(
    ("zone", "said"),
    [("America/Argentina/Buenos_Aires", "in Buenos Aires"), ("UTC", "UTC"), ("Etc/GMT+5", "Etc/GMT+5")],
)
def test_the_place_of_the_clock_is_a_town(zone: str, said: str) -> None:
    with timezone.override(zone):
        assert place_words() == said


def test_seconds_and_ages_have_the_same_title() -> None:
    moment = datetime.fromisoformat("2026-11-29T07:09:03Z")
    with time_machine.travel(NOW, tick=False), timezone.override("Europe/Berlin"):
        assert ">today, 08:09:03</time>" in exactly_when(moment)
        assert ">3 minutes ago</time>" in ago(moment)
        assert all('title="Sunday, 29 November 2026, 08:09:03 in Berlin' in tag(moment) for tag in (exactly_when, ago))


def test_amounts_are_grouped_and_the_currency_stands_after_them() -> None:
    assert money(Decimal("1234567"), "JPY") == '<bdi class="amount">1,234,567 JPY</bdi>'
    assert money(Decimal("-12.5"), "USD") == '<bdi class="amount">\u221212.50 USD</bdi>'
    assert money_figure(Decimal(12134), "USD") == '<bdi class="amount">12,134.00 <small>USD</small></bdi>'
    assert units(1_249_500_000, 6, "USDC") == '<bdi class="amount">1,249.5 USDC</bdi>'
    assert (count(1204), count(0)) == ("1,204", "\u2013")
    assert money(Decimal("-0.5"), "USD") == '<bdi class="amount">\u22120.50 USD</bdi>'
