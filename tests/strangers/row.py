"""One row of the matrix: how a route is called rightly, and who may. The tables stand in `rows_*.py`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.strangers.world import World

# Roles by their first letters, as the tables have them: "odsv" is everybody in the team.
ROLES = {"o": "owner", "d": "developer", "s": "support", "v": "viewer"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A route and a method. Whoever adds a route adds its row; `rows_*.py` show how."""

    route: str  # as in the URL table: "dashboard:keys"; of a route without a name, its pattern
    method: str = "get"
    # URL parameter → word of `World.ids`. With "=" before it: what is nobody's, as it is.
    ids: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)  # {word} in a value is replaced by that id
    done: int = 200  # what whoever may is answered
    test: str = "odsv"  # the roles that may, in test mode
    live: str = "odsv"  # … and in live mode
    live_done: int = 0  # what they are answered there, where it is something else
    scope: str = ""  # of the API: what a key needs
    query: Mapping[str, str] = field(default_factory=dict)  # query parameters that name a thing, as `ids`
    query_done: int = 404  # what is answered when it names somebody else's
    refused: str = ""  # the sentence of the rule, where nothing but a refusal can be had from the cast
    apart: bool = False  # its rule must be outermost: what it did is undone with the test only
    before: Callable[[], None] | None = None  # what must have happened, so that it can be done
    live_refused: int = 403  # what a role that may not is answered in live mode
    siblings: Mapping[str, str] = field(default_factory=dict)  # parameter → another own parent, whose child it is not

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.route}"

    def address_ids(self, *worlds: World) -> dict[str, str]:
        """The parameters, each from one of the worlds in turn."""
        named = dict(zip(self.of_a_business, worlds, strict=True))
        return {name: named[name].ids[word] if name in named else word[1:] for name, word in self.ids.items()}

    @property
    def of_a_business(self) -> list[str]:
        """The parameters that name a thing of somebody's."""
        return [name for name, word in self.ids.items() if not word.startswith("=")]

    def sent(self, world: World) -> dict[str, Any]:
        """The body with the world's own ids."""
        words = world.ids
        return {name: text.format_map(words) if isinstance(text, str) else text for name, text in self.body.items()}


def mixtures(row: Row, own: World, others: Mapping[str, World]) -> Iterator[tuple[str, dict[str, str]]]:
    """Every way to fill the ids in which one at least is not one's own; and own ones that do not belong together."""
    count = len(row.of_a_business)
    worlds = {"own": own} | dict(others)
    for names in product(worlds, repeat=count):
        ids = row.address_ids(*(worlds[name] for name in names))
        # People work for a business in both modes: theirs are the same.
        if ids != row.address_ids(*[own] * count):
            said = ", ".join(f"{name}'s {word}" for name, word in zip(names, row.of_a_business, strict=True))
            yield said, ids
    for parameter, word in row.siblings.items():
        ids = row.address_ids(*[own] * count)
        yield f"another own {parameter}", ids | {parameter: own.ids[word]}


def calls() -> list[tuple[str, str, str]]:
    """(method, address below /api/v1/, name) of every call of the API."""
    return [
        (method, str(pattern.pattern), name)
        for name, pattern in routes("api/v1/").items()
        for method in getattr(pattern.callback, "actions", {})
        if method != "head"
    ]


def routes(prefix: str = "") -> dict[str, URLPattern]:
    """The URL table as it is: by name with its namespace, by pattern where there is none; below an address."""
    found: dict[str, URLPattern] = {}
    _walk(get_resolver().url_patterns, "", "", found)
    return {key: pattern for key, (path, pattern) in found.items() if path.startswith(prefix)}  # type: ignore[misc]


def _walk(patterns: list[Any], path: str, space: str, found: dict[str, Any]) -> None:
    for pattern in patterns:
        whole = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            _walk(pattern.url_patterns, whole, space + (f"{pattern.namespace}:" if pattern.namespace else ""), found)
        else:
            found[f"{space}{pattern.name}" if pattern.name else whole] = (whole, pattern)
