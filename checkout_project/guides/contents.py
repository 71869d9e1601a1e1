"""Which guides there are, in the order of reading, and what stands in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from checkout_project.guides.rendering import Rendered, path_of, render

FOLDER = settings.BASE_DIR / "docs"

# Heading → pages (docs/<name>.md). Each page has its place here.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Start": ("quick-start", "testing", "going-live"),
    "Take payments": ("api", "webhooks", "payment-page", "receipts", "embedding", "payment-links", "x402", "refunds"),
    "Build": ("write-a-plugin", "connect-a-shop", "errors"),
    "Money": ("receiving", "rates", "networks"),
    "Your business": ("dashboard", "settings", "books", "sign-in", "languages", "privacy"),
    "Run it": ("deploying", "configuration", "operators", "monitoring", "doctor", "backup", "scaling", "security"),
}
# For those who change Tallystick itself: apart, at the end.
OWN_DEVELOPERS = {"Tallystick's own developers": ("architecture", "own-tests", "benchmarks", "dependencies")}

# Files beside the guides that they link to, shown as they are.
EXAMPLES = ("shop/shop.py", "plugin/orders.py", "connect/connect.mjs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A guide as it is read."""

    name: str
    section: str
    rendered: Rendered

    @property
    def title(self) -> str:
        """The whole heading."""
        return self.rendered.title

    @property
    def short_title(self) -> str:
        """What stands before its colon, for lists."""
        return self.title.partition(":")[0]

    @property
    def path(self) -> str:
        """Where it is read."""
        return path_of(self.name)


@lru_cache(maxsize=1)
def guides() -> dict[str, Guide]:
    """All of them by name, in order. Rendered once a process: they change only with the code."""
    return {
        name: Guide(name=name, section=section, rendered=render((FOLDER / f"{name}.md").read_text(encoding="utf-8")))
        for section, names in (SECTIONS | OWN_DEVELOPERS).items()
        for name in names
    }


def source(name: str) -> str | None:
    """A guide as Markdown, for programs and for whoever reads it elsewhere; None when there is none of that name."""
    if name not in guides():
        return None
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8").replace("](../examples/", "](examples/")


def by_path(path: str) -> Guide | None:
    """The guide that is read at /docs/<path>."""
    return next((guide for guide in guides().values() if guide.path == f"/docs/{path}"), None)


def menu() -> list[tuple[str, list[Guide]]]:
    """The guides below their headings."""
    return [(section, [guides()[name] for name in names]) for section, names in (SECTIONS | OWN_DEVELOPERS).items()]


def beside(guide: Guide) -> tuple[Guide | None, Guide | None]:
    """The one before and the one after."""
    order = list(guides().values())
    at = order.index(guide)
    return (order[at - 1] if at else None), (order[at + 1] if at + 1 < len(order) else None)


def example(path: str) -> str | None:
    """An example's source, or None when there is none of that name."""
    if path not in EXAMPLES:
        return None
    return str((settings.BASE_DIR / "examples" / path).read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a search finds: a part of a page, or one line of a list of words."""

    title: str
    page: str
    path: str
    text: str


def parts() -> Iterator[Part]:
    """All parts of all guides."""
    for guide in guides().values():
        for part in guide.rendered.parts:
            place = f"{guide.path}#{part.anchor}" if part.anchor else guide.path
            text = re.sub(r"\s+", " ", part.text)
            yield Part(title=part.title or guide.title, page=guide.short_title, path=place, text=text)
