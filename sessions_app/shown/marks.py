"""The small drawings of coins and networks, as one sprite of what a page uses: no request of their own."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Marks of our own under static/icons/; anything else gets the plain coin or chain.
_ASSETS = frozenset({"ETH", "USDC", "USDT", "DAI", "POL", "BNB"})
_NETWORKS = frozenset({"ethereum", "base", "arbitrum", "optimism", "polygon", "bsc", "sandbox"})
_DRAWING = re.compile(r'<svg[^>]* viewBox="(?P<box>[^"]+)">(?P<shapes>.*)</svg>\s*', re.DOTALL)


def asset_mark(symbol: str) -> str:
    """The mark of an asset, by name."""
    return symbol.lower() if symbol in _ASSETS else "coin"


def network_mark(network_id: str) -> str:
    """The mark of a network, by name. Test networks wear the mark of what they imitate."""
    known = network_id.split("-")[0]
    return f"on-{known if known in _NETWORKS else 'chain'}"


def sprite(names: Iterable[str]) -> SafeString:
    """The marks as symbols, to be drawn by `<use href="#name">`."""
    symbols = format_html_join("", "{}", ((_symbol(name),) for name in sorted(set(names))))
    return format_html('<svg class="hidden" aria-hidden="true">{}</svg>', symbols)


@cache
def _symbol(name: str) -> SafeString:
    drawing = _DRAWING.fullmatch((Path(settings.BASE_DIR) / "static/icons" / f"{name}.svg").read_text("utf-8"))
    assert drawing, f"static/icons/{name}.svg is not one <svg> with a viewBox"
    # A file of ours, so it may be the pattern itself; nothing in it is escaped.
    return format_html(f'<symbol id="{{}}" viewBox="{drawing["box"]}">{drawing["shapes"]}</symbol>', name)
