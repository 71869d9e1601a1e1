"""What the sentences of pages and letters name, as the reader's language has it: moments, and one of several."""

from collections.abc import Iterable
from datetime import datetime

from babel.lists import format_list

from sessions_app.reading.amounts import moment_text, readers_locale, time_text
from sessions_app.sentences import Sentence, kept, told_here


def any_of(names: Iterable[str]) -> Sentence:
    """'Ethereum, Base or Polygon', in the reader's language; empty for none."""
    return Sentence.of(format_list([kept(name).marked for name in names], style="or", locale=readers_locale()))


def moment_here(at: datetime) -> Sentence:
    """`moment_text`, behind which a page's script writes the reader's own time."""
    return told_here(moment_text(at), at)


def moment_to_the_second(at: datetime) -> Sentence:
    """As receipts have it: 'Nov 22, 2026, 21:55:07 UTC'."""
    return told_here(moment_text(at, time="%H:%M:%S"), at)


def time_here(at: datetime) -> Sentence:
    """`time_text`, likewise."""
    return told_here(time_text(at), at)
