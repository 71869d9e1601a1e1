"""Markdown to a page of ours: anchors, links between the pages, examples in tabs, tables that scroll by themselves."""

import re
from dataclasses import dataclass, field
from itertools import count

from django.utils.html import format_html
from markdown_it import MarkdownIt
from markdown_it.token import Token

from checkout_project.guides.code import LANGUAGES, block, tabs

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
# Where a page is read whose name is taken by something else there.
PATHS = {"api": "using-the-api"}
_ANCHOR = '<a class="anchor" href="#{}" aria-label="Link to this part">#</a>'


@dataclass(slots=True)
class PagePart:
    """From one heading to the next, as words: what a search looks through."""

    title: str = ""
    anchor: str = ""
    level: int = 1
    text: str = ""


@dataclass(slots=True)
class Rendered:
    """A page."""

    title: str = ""
    lead: str = ""
    head: str = ""  # the title and the lead as HTML
    html: str = ""  # the rest
    parts: list[PagePart] = field(default_factory=lambda: [PagePart()])
    has_examples: bool = False  # that read the two variables

    @property
    def contents(self) -> list[PagePart]:
        """What stands beside the page: its headings of the second level."""
        return [part for part in self.parts if part.level == 2]


def render(text: str) -> Rendered:
    """The page of a Markdown file. Its first heading is the title, its first paragraph the lead."""
    page = Rendered()
    numbers = count(1)
    tokens = _MARKDOWN.parse(text)
    done: list[Token] = []
    at = cut = 0
    while at < len(tokens):
        token = tokens[at]
        if token.type == "fence":
            group = _fences(tokens, at)
            page.parts[-1].text += " ".join(each.content for each in group)
            done.append(_html(_examples(group, numbers)))
            at += len(group)
            continue
        if token.type == "code_block":
            page.parts[-1].text += token.content
            done.append(_html(block(token.content, "")))
            at += 1
            continue
        if token.type == "heading_open":
            _heading(page, token, tokens[at + 1])
        elif token.type == "paragraph_open" and not page.lead and page.title and not token.level:
            page.lead = _words(tokens[at + 1])
            token.attrSet("class", "lead")
        elif token.type == "table_open":
            _table(page, tokens, at, done)
        elif token.type == "inline" and tokens[at - 1].type != "heading_open":
            page.parts[-1].text += _words(token) + " "
        _lead_here(token)
        done.append(token)
        if token.type == "table_close":
            done.append(_html("</div>\n"))
        if not cut and page.lead and token.type == "paragraph_close":
            cut = len(done)
        at += 1
    page.head = _MARKDOWN.renderer.render(done[:cut], _MARKDOWN.options, {})
    page.html = _MARKDOWN.renderer.render(done[cut:], _MARKDOWN.options, {})
    page.has_examples = any(each.type == "fence" and "TALLYSTICK_API_KEY" in each.content for each in tokens)
    return page


def slug(title: str) -> str:
    """An anchor as code hosts make it, so that links work there too."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=text)


def _words(inline: Token) -> str:
    """What is read of a line."""
    return "".join(
        " " if each.type in {"softbreak", "hardbreak"} else each.content
        for each in inline.children or []
        if each.type in {"text", "code_inline", "softbreak", "hardbreak"}
    )


def _heading(page: Rendered, opening: Token, inline: Token) -> None:
    title, level = _words(inline), int(opening.tag[1:])
    if level == 1:
        page.title = title
        return
    anchor = slug(title)
    opening.attrSet("id", anchor)
    link = Token("html_inline", "", 0, content=format_html(_ANCHOR, anchor))
    inline.children = [*(inline.children or []), link]
    page.parts.append(PagePart(title=title, anchor=anchor, level=level))


def _fences(tokens: list[Token], start: int) -> list[Token]:
    """The block at `start`, and those right below it that say the same in other languages."""
    group: list[Token] = []
    for token in tokens[start:]:
        if token.type != "fence" or token.level != tokens[start].level:
            break
        if group and (token.info not in LANGUAGES or token.info in {each.info for each in group}):
            break
        group.append(token)
        if token.info not in LANGUAGES:
            break
    return group


def _examples(group: list[Token], numbers: "count[int]") -> str:
    if len(group) == 1:
        return block(group[0].content, group[0].info)
    return tabs({each.info: each.content for each in group}, numbers)


def _table(page: Rendered, tokens: list[Token], start: int, done: list[Token]) -> None:
    """A table scrolls in a frame of its own. One whose first column is called `code` has an anchor for each line."""
    end = next(at for at in range(start, len(tokens)) if tokens[at].type == "table_close")
    cells = [each for each in tokens[start:end] if each.type == "inline"]
    columns = sum(each.type == "th_open" for each in tokens[start:end])
    heads = [_words(each) for each in cells[:columns]]
    for token in tokens[start:end]:
        if token.type == "th_open":
            token.attrSet("scope", "col")
    name = "Table: " + ", ".join(filter(None, heads))
    done.append(_html(format_html('<div class="scroll" tabindex="0" role="region" aria-label="{}">', name)))
    if heads[:1] != ["code"]:
        return
    home = page.parts[-1]
    rows = [each for each in tokens[start:end] if each.type == "tr_open"][1:]
    for number, row in enumerate(rows, start=1):
        words = [_words(each) for each in cells[number * columns : (number + 1) * columns]]
        row.attrSet("id", words[0])
        page.parts.append(PagePart(title=words[0], anchor=words[0], level=9, text=" ".join(words[1:])))
    page.parts.append(PagePart(title=home.title, anchor=home.anchor, level=9))


def _lead_here(token: Token) -> None:
    """Links to files of the repository lead to their pages here."""
    for child in token.children or []:
        if child.type == "link_open":
            child.attrSet("href", here(str(child.attrGet("href"))))


def here(href: str) -> str:
    """Where a link of a Markdown file leads on these pages."""
    path, hash_sign, anchor = href.partition("#")
    if path.startswith("../examples/"):
        return "/docs/" + path.removeprefix("../")
    if path.endswith(".md") and "/" not in path:
        return f"{path_of(path.removesuffix('.md'))}{hash_sign}{anchor}"
    return href


def path_of(name: str) -> str:
    """Where the page of docs/<name>.md is read."""
    return f"/docs/{PATHS.get(name, name)}"
