"""What a page says, without its tags: an address that stands in groups is whole again."""

import re


def text_of(html: str) -> str:
    """The page's text; nothing stands where a tag stood, but for the space between two facts of a sentence."""
    return re.sub(r"<[^>]*>", "", re.sub(r">\s+<(?!bdi)", "><", html))


def words_of(html: str) -> str:
    """The same as one line, with one space between words."""
    return " ".join(text_of(html).split())


def read(page: str) -> str:
    """As it is read: without what keeps facts from translators."""
    return re.sub(r"</?bdi[^>]*>", "", page)
