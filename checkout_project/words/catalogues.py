"""The catalogues: which sentences there are, what each language makes of them, and the form that Django reads.

Babel does what `makemessages` and `compilemessages` would ask GNU gettext for, which a fresh machine does not have.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.core import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "locale"
# Only what buyers read is translated; dashboard, admin and API speak English.
_PYTHON = ("sessions_app", "merchants_app", "chains_app", "common")
_TEMPLATES = ("templates/pay", "templates/mail", "templates/receipt")
_KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
}
_HEADER = "# What buyers read, in {}. How to mend it: docs/languages.md"


def languages() -> list[str]:
    """The locales that have a catalogue, as Babel and folders spell them: 'de', 'pt_BR'."""
    return sorted(path.parents[1].name for path in LOCALE.glob("*/LC_MESSAGES/django.po"))


def po_file(language: str) -> Path:
    """Where its catalogue stands."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def catalogue_of(language: str) -> Catalog:
    """What stands in its file."""
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def sentences() -> Catalog:
    """All that buyers can read, as it stands in code and templates, in an order that does not change by itself."""
    found = Catalog(fuzzy=False)
    for place, source, method in _sources():
        for _line, text, comments, context in extract(
            method, io.BytesIO(source.encode()), keywords=_KEYWORDS, comment_tags=("Translators:",)
        ):
            found.add(text, locations=[(place, 0)], auto_comments=comments, context=context)
    return found


def update(language: str) -> None:
    """Brings its catalogue up to the sentences of today: new ones are empty, and what nobody says any more goes."""
    catalogue = catalogue_of(language)
    catalogue.update(sentences(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    catalogue.header_comment = _HEADER.format(Locale.parse(language).english_name)
    written = io.BytesIO()
    write_po(written, catalogue, width=120, sort_by_file=True, include_lineno=False)
    po_file(language).write_bytes(written.getvalue())


def is_compiled(language: str) -> bool:
    """Whether Django would read what stands in the file of today."""
    po = po_file(language)
    mo = po.with_suffix(".mo")
    return mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns


def compile_all() -> None:
    """Writes what Django reads, for each catalogue that has changed since; whole files only, so several may do it."""
    for language in languages():
        if not is_compiled(language):
            mo = po_file(language).with_suffix(".mo")
            unfinished = mo.with_suffix(f".{id(mo)}")
            with unfinished.open("wb") as file:
                write_mo(file, catalogue_of(language))
            unfinished.replace(mo)


def _sources() -> Iterator[tuple[str, str, str]]:
    """Each file's place, its text as an extractor can read it, and that extractor."""
    for folder in _PYTHON:
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            if "gettext" in source:
                yield str(path.relative_to(ROOT)), source, "python"
    for folder in _TEMPLATES:
        for path in sorted((ROOT / folder).rglob("*.*")):
            # The template's words become calls, and everything else is blotted out: Babel's reader for JavaScript
            # takes what its stricter one for Python would stumble over.
            place = str(path.relative_to(ROOT))
            yield place, templatize(path.read_text(encoding="utf-8"), origin=place), "javascript"
