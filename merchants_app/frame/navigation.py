"""The dashboard's menu as data: a new entry is a new line here."""

from dataclasses import dataclass

from django.urls import reverse

from common.modes import Mode
from merchants_app.frame.places import Place


@dataclass(frozen=True, slots=True)
class Item:
    """A page of the menu; pages below it (`…/sessions/cs_…`) count as the same item."""

    label: str
    view: str
    icon: str  # of static/img/icons.svg
    badge: str = ""  # which count stands behind the label
    beside: tuple[str, ...] = ()  # pages beside it, reached by its tabs, that count as the same item
    is_shared: bool = False  # one page for all businesses and modes, outside of the dashboard


@dataclass(frozen=True, slots=True)
class Group:
    """Items under a heading; the first group has none."""

    heading: str
    items: tuple[Item, ...]


MENU: tuple[Group, ...] = (
    Group(
        "",
        (
            Item("Overview", "overview", "home"),
            Item("Sessions", "sessions", "list", beside=("payments",)),
            Item("Decisions", "decisions", "decide", badge="decisions"),
            Item("Refunds", "refunds", "back"),
            Item("Collect", "collect", "collect"),
            Item("Books", "books", "book"),
            Item("Customers", "customers", "people"),
            Item("Payment links", "links", "link"),
        ),
    ),
    Group(
        "Developers",
        (
            Item("API keys", "keys", "key"),
            Item("Webhooks", "webhooks", "plug"),
            Item("Events", "events", "bell"),
            Item("Requests", "requests", "pulse"),
            Item("Embedding", "embedding", "frame"),
            Item("Docs", "docs", "docs", is_shared=True),
        ),
    ),
    Group(
        "Business",
        (
            Item("Treasury", "treasury", "safe"),
            Item("Team", "team", "person"),
            Item("Settings", "settings", "gear"),
            Item("Privacy", "privacy", "shield"),
            Item("Audit log", "audit", "scroll"),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An item with its address, ready to be drawn."""

    label: str
    url: str
    icon: str
    badge: str
    current: bool


def menu_for(*, at: Place, path: str) -> list[tuple[str, list[Link]]]:
    """Headings with their links; the one whose page (or a page below it) is shown is marked current."""
    return [(group.heading, [_link(item, at, path) for item in group.items]) for group in MENU]


def _link(item: Item, at: Place, path: str) -> Link:
    url = reverse(item.view) if item.is_shared else _url(item.view, at)
    is_current = not item.is_shared and _is_current(path, item, at)
    return Link(label=item.label, url=url, icon=item.icon, badge=item.badge, current=is_current)


def same_place_in(*, at: Place, path: str) -> str:
    """Where the mode switch leads: the same menu page in the other mode (a single thing has only one)."""
    items = (item for group in MENU for item in group.items if not item.is_shared)
    views = (view for item in items for view in (item.view, *item.beside))
    return _url(next((view for view in views if _is_at_in_any_mode(path, view, at)), MENU[0].items[0].view), at)


def _url(view: str, at: Place) -> str:
    return reverse(f"dashboard:{view}", kwargs={"at": at})


def _is_current(path: str, item: Item, at: Place) -> bool:
    return any(_is_at(path, _url(view, at)) for view in (item.view, *item.beside))


def _is_at(path: str, url: str) -> bool:
    return path == url or path.startswith(f"{url}/")


def _is_at_in_any_mode(path: str, view: str, at: Place) -> bool:
    return any(_is_at(path, _url(view, Place(at.business, mode))) for mode in Mode)
