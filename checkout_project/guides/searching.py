"""A search through the guides and the calls of the API, by words, without a script and without a service."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from checkout_project.guides.contents import Part

MOST_RESULTS = 30
LONGEST_QUERY = 100  # letters; what is behind them is not looked for
_AROUND = 90  # letters of the text on each side of what was found


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A part that has all the words."""

    part: Part
    excerpt: list[tuple[str, bool]]  # pieces of its text, and whether they are what was looked for


def search(query: str, parts: Iterable[Part]) -> list[Found]:
    """The parts that have every word of the query, those first that have them in their headings."""
    words = re.findall(r"[\w.-]+", query[:LONGEST_QUERY].lower())
    if not words:
        return []
    ranked = [(rank, part) for part in parts if (rank := _rank(part, words))]
    ranked.sort(key=lambda each: -each[0])
    return [Found(part=part, excerpt=_excerpt(part.text, words)) for _, part in ranked[:MOST_RESULTS]]


def _rank(part: Part, words: list[str]) -> int:
    """How well a part fits; 0: not at all."""
    title, page, text = part.title.lower(), part.page.lower(), part.text.lower()
    rank = 0
    for word in words:
        if word not in title and word not in text and word not in page:
            return 0
        rank += 20 * (word in title) + 20 * (word == title) + 5 * (word in page) + min(text.count(word), 4)
    return rank


def _excerpt(text: str, words: list[str]) -> list[tuple[str, bool]]:
    """Some text around the first word that is in it, the words apart."""
    places = [at for word in words if (at := text.lower().find(word)) >= 0]
    start = max(0, min(places, default=0) - _AROUND)
    shown = text[start : start + 2 * _AROUND + 40]
    shown = ("… " if start else "") + shown.strip() + (" …" if len(text) > start + len(shown) else "")
    wanted = re.compile("(" + "|".join(map(re.escape, words)) + ")", re.IGNORECASE)
    return [(piece, bool(wanted.fullmatch(piece))) for piece in wanted.split(shown) if piece]
