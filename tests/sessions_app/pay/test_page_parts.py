"""The small pure parts of the buyer's page: links, amounts, addresses, times, colours, the style sheet's words."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from django.utils import translation
from django.utils.html import conditional_escape

from chains_app.networks.networks import network
from merchants_app.businesses.brand import colors_on, contrast
from sessions_app.reading.amounts import (
    address_groups,
    asset_text,
    clock_text,
    duration_text,
    masked_email,
    money_text,
)
from sessions_app.reading.named import moment_here
from sessions_app.sentences import filled
from sessions_app.shown.links import with_session_id
from sessions_app.shown.words import NoticeTone

ROOT = Path(__file__).parents[3]
PLACES = ("templates/pay", "templates/receipt", "static/js/pay", "sessions_app/shown")
STYLES = re.sub(r"/\*.*?\*/", "", (ROOT / "static/css/pay.css").read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example", "https://shop.example?session_id=cs_1"),
        ("https://shop.example/ok", "https://shop.example/ok?session_id=cs_1"),
        ("https://shop.example/ok?a=1", "https://shop.example/ok?a=1&session_id=cs_1"),
        ("https://shop.example/ok?a=%20+&b=#top", "https://shop.example/ok?a=%20+&b=&session_id=cs_1#top"),
        ("https://shop.example/#/thanks?x=1", "https://shop.example/?session_id=cs_1#/thanks?x=1"),
        ("https://shop.example:8443/ä?q=ü", "https://shop.example:8443/ä?q=ü&session_id=cs_1"),
    ],
)
def test_the_session_joins_the_shops_query(url: str, expected: str) -> None:
    assert with_session_id(url, "cs_1") == expected


def test_an_address_is_read_in_fours_and_loses_nothing() -> None:
    address = "0x51e17bA09C3f44D2a7B810EeBd906F2c8A11d3F4"
    groups = address_groups(address)
    assert groups[0] == "0x51e1"
    assert groups[-1] == "d3F4"
    assert "".join(groups) == address


@pytest.mark.parametrize(
    ("units", "asset", "expected"),
    [(49_000_000, "USDC", "49.00"), (4_900_001, "USDC", "4.900001"), (19_600_000_000_000_000, "ETH", "0.0196")],
)
def test_amounts_are_written_as_one_types_them(units: int, asset: str, expected: str) -> None:
    kind = network("sandbox").assets[asset]
    assert asset_text(units, kind.decimals, kind) == expected


@pytest.mark.parametrize(
    ("language", "currency", "expected"),
    [("en", "USD", "1,234.50"), ("de", "EUR", "1.234,50"), ("en", "JPY", "1,234"), ("ar", "KWD", "1,234.500")],
)
def test_prices_follow_the_readers_language_and_the_currencys_minor_unit(
    language: str, currency: str, expected: str
) -> None:
    with translation.override(language):
        assert money_text(Decimal("1234.5"), currency) == expected


def test_clocks_and_lengths_of_time() -> None:
    assert clock_text(timedelta(minutes=14, seconds=32)) == "14:32"
    assert clock_text(timedelta(hours=1, seconds=5)) == "1:00:05"
    assert clock_text(timedelta(seconds=-3)) == "0:00"
    assert duration_text(timedelta(seconds=0.2)) == "1 second"
    assert duration_text(timedelta(seconds=61)) == "2 minutes"
    assert duration_text(timedelta(days=6, minutes=1)) == "7 days"
    with translation.override("ar"):
        assert duration_text(timedelta(minutes=2)) == "دقيقتين"


def test_an_email_is_recognised_by_its_owner_only() -> None:
    assert masked_email("pat@example.com") == "p•••@example.com"


@pytest.mark.parametrize("color", ["#3d5afe", "#ffdd00", "#ffffff", "#000000", "#808080", "#2d4a3e", "#ff0000"])
@pytest.mark.parametrize("surface", ["#ffffff", "#171a20"])
def test_every_brand_color_is_readable(color: str, surface: str) -> None:
    colors = colors_on(color, surface=surface)
    assert contrast(colors.ink, surface) >= 4.5
    assert contrast(colors.on_fill, colors.fill) >= 4.5
    assert contrast(colors.fill, surface) >= 3


def test_the_style_sheet_speaks_of_nothing_that_no_page_has() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for place in PLACES for path in (ROOT / place).iterdir()
                    if path.is_file())  # fmt: skip
    pages += " ".join(f"for-{tone}" for tone in get_args(NoticeTone))  # the drawing beside a notice
    named = {name for rule in re.findall(r"([^{}]*)\{", STYLES) for name in re.findall(r"\.([a-z][\w-]*)", rule)}
    assert "lang" in named
    assert {name for name in named if not re.search(rf"(?<![\w-]){name}(?![\w-])", pages)} == set()


def test_a_sentence_with_a_moment_lets_no_other_markup_through() -> None:
    at = datetime(2026, 11, 22, 21, 55, 7, tzinfo=UTC)
    with translation.override("de"):
        until = moment_here(at)
        said = filled("Bis %(until)s: %(shop)s", {"until": until, "shop": "<b>Tom & 'Co'</b>\u2066x\u2067"})
    moment = '<time datetime="2026-11-22T21:55:07+00:00" data-here>22.11.2026, 21:55 UTC</time>'
    shop = '<bdi translate="no">&lt;b&gt;Tom &amp; &#x27;Co&#x27;&lt;/b&gt;x</bdi>'
    assert conditional_escape(said) == f"Bis {moment}: {shop}"
    assert said == "Bis 22.11.2026, 21:55 UTC: <b>Tom & 'Co'</b>x"


@pytest.mark.parametrize("tone", get_args(NoticeTone))
def test_a_notice_of_every_tone_has_its_ground(tone: str) -> None:
    assert f".{tone} {{ --tone: var(--{tone}); background: var(--{tone}-tint); }}" in STYLES
