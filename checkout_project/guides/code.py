"""Examples: coloured by classes (the content policy forbids inline styles), and one below the other as tabs."""

import re
from itertools import count, groupby
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from pygments import lex
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, String

# What a block is called in Markdown → its tab. In this order tabs stand.
LANGUAGES = {"bash": "curl", "python": "Python", "js": "Node", "php": "PHP"}
# Class → what it is for.
_COLOURS = {
    "k": (Keyword, Name.Builtin, Name.Tag, Name.Class, Name.Function),
    "s": (String, Number),
    "c": (Comment,),
}
_LEXERS = {
    "bash": "bash",
    "sh": "bash",
    "python": "python",
    "js": "javascript",
    "php": "php",
    "json": "json",
    "http": "http",
}


def coloured(text: str, language: str) -> SafeString:
    """The text as HTML, with a class for each kind of word that has a colour; a language that is not known as it is."""
    if language not in _LEXERS:
        return format_html("{}", text)
    options = {"startinline": True} if language == "php" else {}
    words = lex(text, get_lexer_by_name(_LEXERS[language], **options))
    runs = groupby(words, key=lambda each: _colour(each[0]))
    return format_html_join("", "{}", ((_run(colour, "".join(word for _, word in run)),) for colour, run in runs))


def _colour(kind: Any) -> str:
    return next((colour for colour, kinds in _COLOURS.items() if any(kind in each for each in kinds)), "")


def _run(colour: str, words: str) -> str:
    return format_html('<span class="{}">{}</span>', colour, words) if colour else words


def block(text: str, language: str) -> SafeString:
    """One example by itself."""
    name = LANGUAGES.get(language, language)
    return format_html(
        '<div class="code"><pre tabindex="0" role="group" aria-label="{}">{}</pre></div>\n',
        f"Example: {name}" if name else "Example",
        coloured(text, language),
    )


def _choice(name: str, language: str, *, is_first: bool) -> SafeString:
    if is_first:
        form = '<label><input type="radio" name="{}" value="{}" checked>{}</label>'
    else:
        form = '<label><input type="radio" name="{}" value="{}">{}</label>'
    return format_html(form, name, language, LANGUAGES[language])


def tabs(examples: dict[str, str], numbers: "count[int]") -> SafeString:
    """One example in several languages. A radio button each says which is shown: no script is needed."""
    known = [language for language in LANGUAGES if language in examples]
    name = f"lang-{next(numbers)}"
    choices = format_html_join("", "{}", ((_choice(name, each, is_first=each == known[0]),) for each in known))
    shown = format_html_join(
        "",
        '<pre data-lang="{}" tabindex="0" role="group" aria-label="Example: {}">{}</pre>',
        ((each, LANGUAGES[each], coloured(examples[each], each)) for each in known),
    )
    return format_html(
        '<div class="code"><header><div class="langs" role="radiogroup" aria-label="Language">{}</div></header>'
        "{}</div>\n",
        choices,
        shown,
    )


def with_code(text: str) -> SafeString:
    """A sentence whose `words` of the API are marked as such, and whose guides (docs/errors.md) are links."""
    pieces = re.findall(r"`([^`]+)`|docs/([\w-]+)\.md|([^`d]+|[`d])", text)
    return format_html_join("", "{}", ((_piece(*each),) for each in pieces))


def _piece(word: str, guide: str, text: str) -> str:
    if word:
        return format_html("<code>{}</code>", word)
    return format_html('<a href="/docs/{}">{}</a>', guide, guide) if guide else text
