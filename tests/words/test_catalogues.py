"""Each language says all that buyers can read, with the same places to fill in, and is offered."""

import re

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.utils import translation
from django.utils.translation import ngettext, to_language, to_locale

from checkout_project.words import catalogues

PLACES = re.compile(r"%\(\w+\)[sd]|%[sd]|</?\w+[^>]*>")
# How many forms a counted noun has, by gettext's own table (Turkish nouns stay as they are after a number).
FORMS = {
    "de": 2, "fr": 2, "es": 2, "pt_BR": 2, "it": 2, "nl": 2, "pl": 3, "tr": 1, "ar": 6, "he": 2, "zh_Hans": 1,
    "ja": 1, "id": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def sentences() -> Catalog:
    return catalogues.sentences()


def _texts(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def _sources(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def test_what_is_offered_is_english_and_what_has_a_catalogue() -> None:
    assert {to_locale(code) for code, _name in settings.LANGUAGES} == {"en", *FORMS}
    assert set(catalogues.languages()) == set(FORMS)


def test_sentences_are_found_in_code_and_in_templates(sentences: Catalog) -> None:
    assert "What do you pay with?" in sentences
    assert "Send exactly" in sentences
    assert ("%(count)s second", "%(count)s seconds") in [message.id for message in sentences]


@pytest.mark.parametrize("language", sorted(FORMS))
def test_a_catalogue_has_each_sentence_once_and_whole(language: str, sentences: Catalog) -> None:
    catalogue = catalogues.catalogue_of(language)

    assert {(m.id, m.context) for m in catalogue} == {(m.id, m.context) for m in sentences} | {("", None)}, (
        "run: python -m checkout_project.words update"
    )
    assert [message.id for message in catalogue if message.id and not all(_texts(message))] == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []
    assert catalogue.num_plurals == FORMS[language]


@pytest.mark.parametrize("language", sorted(FORMS))
def test_a_translation_leaves_the_same_places_to_fill_in(language: str) -> None:
    for message in catalogues.catalogue_of(language):
        if not message.id:
            continue
        wanted = [sorted(PLACES.findall(source)) for source in _sources(message)]
        for text in _texts(message):
            found = sorted(PLACES.findall(text))
            # Where a language says "one" in a word of its own, the number may be left out.
            assert found in wanted or (message.pluralizable and found == []), (message.id, text)


@pytest.mark.parametrize(
    ("language", "counted"),
    [
        ("pl", {1: "1 minuta", 2: "2 minuty", 5: "5 minut", 12: "12 minut", 22: "22 minuty"}),
        ("ar", {1: "دقيقة واحدة", 2: "دقيقتين", 3: "3 دقائق", 11: "11 دقيقة", 100: "100 دقيقة"}),
        ("fr", {0: "0 minute", 1: "1 minute", 2: "2 minutes"}),
        ("tr", {1: "1 dakika", 2: "2 dakika"}),
        ("id", {1: "1 menit", 7: "7 menit"}),
    ],
)
def test_each_number_takes_its_form(language: str, counted: dict[int, str]) -> None:
    with translation.override(to_language(language)):
        words = {n: ngettext("%(count)s minute", "%(count)s minutes", n) for n in counted}
        assert {n: said % {"count": n} for n, said in words.items()} == counted


def test_a_number_has_a_name_so_that_a_language_may_say_it_in_a_word_of_its_own(sentences: Catalog) -> None:
    """Python refuses a nameless number that the words have no place for: Arabic says "two minutes" in one word."""
    counted = [message.id for message in sentences if message.pluralizable]
    assert len(counted) > 5
    assert [words for words in counted if re.search(r"%[ds]", "".join(words))] == []


def test_two_catalogues_do_not_say_the_same() -> None:
    """A file that was copied and not translated is noticed."""
    said = {language: {m.id: m.string for m in catalogues.catalogue_of(language)} for language in FORMS}
    for one in FORMS:
        for other in FORMS:
            if one < other:
                alike = [key for key, text in said[one].items() if key and text == said[other].get(key)]
                assert len(alike) < len(said[one]) / 4, (one, other)
        english = [key for key, text in said[one].items() if key and key == text]
        assert len(english) < len(said[one]) / 10, (one, english)
