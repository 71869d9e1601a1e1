"""What a business says to its buyers, and in which languages."""

from collections.abc import Mapping, Sequence
from itertools import product

from django.conf import settings
from django.utils.translation import get_language_info

from common.errors import DomainError
from common.network.languages import Offer
from merchants_app.models import BY_LANGUAGE

OwnWords = Mapping[str, Mapping[str, str]]  # by language and field


class NotOnOffer(DomainError):
    """A language that the business does not speak with its buyers, or nobody here does."""

    code = "not_on_offer"


def check_languages(languages: Sequence[str], *, own: str) -> None:
    """Raises `NotOnOffer` unless we speak each of these, and the business's own is one of them."""
    known = dict(settings.LANGUAGES)
    if strange := [each for each in languages if each not in known]:
        raise NotOnOffer(f"There is no language {strange[0][:16]!r}. There are: {', '.join(known)}.", attr="languages")
    offer = Offer(languages)
    if (own or settings.LANGUAGE_CODE) not in offer.languages:
        raise NotOnOffer(
            f"Choose one of the languages on offer: {named(offer.languages)}. Or offer this one, too.", attr="language"
        )


def words_changed(before: OwnWords, after: OwnWords) -> dict[str, str]:
    """Each word of a single language that is another now, for the log: `thanks.de`, from what to what."""
    changed = {}
    for code, name in product(dict(settings.LANGUAGES), BY_LANGUAGE):
        was, now = (words.get(code, {}).get(name) or "none" for words in (before, after))
        if was != now:
            changed[f"{name}.{code}"] = f"{was} → {now}"
    return changed


def language_name(code: str) -> str:
    """'German'."""
    return str(get_language_info(code)["name"])


def named(languages: Sequence[str] | str) -> str:
    """'English, German'; 'all' for none; of a single one that is empty 'English'."""
    if isinstance(languages, str):
        return language_name(languages or settings.LANGUAGE_CODE)
    return ", ".join(language_name(each) for each in languages) or "all"
