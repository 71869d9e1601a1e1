"""The merchant's colour, made readable: text on it and text in it always reach the contrast of WCAG AA."""

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

_LIGHT_SURFACE, _DARK_SURFACE = "#ffffff", "#171a20"
# Pure, since a near-black falls below what AA asks for on colours in the middle.
_LIGHT_TEXT, _DARK_TEXT = "#ffffff", "#000000"
_PAGE = "css/pay.css"
_READABLE = 4.5
_VISIBLE = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandColors:
    """A filled area, the text on it, and the colour for links on the page's surface."""

    fill: str
    on_fill: str
    ink: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A style sheet, and what names it in addresses: another one has another version."""

    version: str
    css: str


def is_color(text: str) -> bool:
    """Whether it is a colour as merchants give it: `#rrggbb`."""
    return re.fullmatch(r"#[0-9a-fA-F]{6}", text) is not None


def brand_css(color: str) -> str:
    """The one property that `tokens.css` derives the others from, and for browsers that cannot, the others too.

    A colour that is no `#rrggbb` gives no rule at all.
    """
    if not is_color(color):
        return ""
    light, dark = (_properties(colors_on(color, surface=each)) for each in (_LIGHT_SURFACE, _DARK_SURFACE))
    return (
        f":root {{ --merchant: {color}; }}\n"
        "@supports not (color: oklch(from red l c h)) {\n"
        f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n}}\n"
    )


def sheet_in(color: str) -> Sheet | None:
    """What a buyer's page is styled with, in a merchant's colour: one file, since each more costs a phone a request.

    None for what is no colour.
    """
    return _sheet(color.lower(), staticfiles_storage.url(_PAGE)) if is_color(color) else None


@lru_cache(maxsize=64)
def _sheet(color: str, url: str) -> Sheet:
    name = url.removeprefix(settings.STATIC_URL)
    page = f'@import "{url}";\n'  # of a working copy, where nothing was collected
    if name != _PAGE:
        with staticfiles_storage.open(name) as file:
            page = file.read().decode()
    css = page + brand_css(color)
    return Sheet(sha256(css.encode()).hexdigest()[:12], css)


def colors_on(color: str, *, surface: str) -> BrandColors:
    """The colour's three parts on a surface. Too pale or too dark ones are shifted just far enough to be read."""
    away_from = _DARK_TEXT if _luminance(surface) > 0.5 else _LIGHT_TEXT
    fill = _shifted(color, towards=away_from, against=surface, least=_VISIBLE)
    on_fill = max((_LIGHT_TEXT, _DARK_TEXT), key=lambda text: contrast(text, fill))
    return BrandColors(
        fill=fill, on_fill=on_fill, ink=_shifted(color, towards=away_from, against=surface, least=_READABLE)
    )


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _properties(colors: BrandColors) -> str:
    return (
        f"--brand: {colors.fill}; --on-brand: {colors.on_fill}; --brand-ink: {colors.ink}; --brand-deep: {colors.fill};"
    )


def _shifted(color: str, *, towards: str, against: str, least: float) -> str:
    for percent in range(0, 101, 4):
        mixed = _mix(color, towards, percent)
        if contrast(mixed, against) >= least:
            return mixed
    return towards


def _mix(color: str, other: str, percent: int) -> str:
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * percent / 100):02x}" for a, b in pairs)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
