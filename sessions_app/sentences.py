"""Sentences that buyers read, on pages and in letters, which know which of their parts are facts.

A browser that translates a page changes its words, and must change no amount, address or name. So each fact stands
between two marks of Unicode (U+2068 and U+2069, which also keep its direction to itself). A page writes
`<bdi translate="no">` for them, as does its script (`static/js/pay/words.js`); everybody else reads plain text.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# Around a fact; before a moment or an address, between it and its words, and behind those.
_BEGIN, _END, _TIME, _OF, _OVER = "\u2068", "\u2069", "\u2066", "\u2067", "\u2064"
_LINK, _TO, _LINKED = "\u206a", "\u206b", "\u206c"
_MARKS = str.maketrans("", "", _BEGIN + _END + _TIME + _OF + _OVER + _LINK + _TO + _LINKED)
_MOMENT = re.compile(f"{_TIME}([^{_OF}]*){_OF}")
_ADDRESS = re.compile(f"{_LINK}([^{_TO}]*){_TO}")


class Sentence(str):
    """As text it is plain; a template writes each fact so that no browser translates it, moments and links as such."""

    _marked = ""  # empty: there are neither facts nor moments nor links in it

    def __str__(self) -> str:
        """Itself: Django's forms make text of what is wrong with a field, and its facts stay known so."""
        return self

    @property
    def marked(self) -> str:
        """With its marks, and no others: what somebody typed writes no links into what we say."""
        return self._marked or self.translate(_MARKS)

    @property
    def of_facts(self) -> str:
        """With the marks of its facts alone, for the page's script, which knows no others."""
        return _ADDRESS.sub("", _MOMENT.sub("", self.marked)).replace(_OVER, "").replace(_LINKED, "")

    @classmethod
    def of(cls, marked: str) -> "Sentence":
        """The sentence that is marked so."""
        sentence = cls(_ADDRESS.sub("", _MOMENT.sub("", marked)).translate(_MARKS))
        sentence._marked = marked
        return sentence

    def __html__(self) -> SafeString:
        written = escape(self.marked).replace(_BEGIN, '<bdi translate="no">').replace(_END, "</bdi>")
        written = _MOMENT.sub(r'<time datetime="\1" data-here>', written).replace(_OVER, "</time>")
        written = _ADDRESS.sub(r'<a href="\1">', written).replace(_LINKED, "</a>")
        return mark_safe(written)  # noqa: S308 - escaped above


def gettext(words: str) -> Sentence:
    """Django's, for sentences whose names are still to be `filled` in, or that have none."""
    return Sentence(translation.gettext(words))


def kept(fact: object) -> Sentence:
    """Something that no translating browser may change; of a sentence, only its facts."""
    return fact if isinstance(fact, Sentence) else Sentence.of(f"{_BEGIN}{str(fact).translate(_MARKS)}{_END}")


def linked(fact: object, address: str) -> Sentence:
    """The same as a link there: an address of our own making, since nobody looks at its scheme."""
    return Sentence.of(f"{_LINK}{address}{_TO}{kept(fact).marked}{_LINKED}")


def filled(sentence: str, names: Mapping[str, object]) -> Sentence:
    """The sentence with its names in their places. All of them are kept but what is a `Sentence`: its words are not."""
    return Sentence.of(sentence % {name: kept(fact).marked for name, fact in names.items()})


def joined(sentences: Iterable[Sentence]) -> Sentence:
    """One after the other."""
    return Sentence.of(" ".join(sentence.marked for sentence in sentences))


def told_here(text: str, at: datetime) -> Sentence:
    """The words for a moment, behind which a page's script writes the reader's own time."""
    return Sentence.of(f"{_TIME}{at.isoformat()}{_OF}{text}{_OVER}")
