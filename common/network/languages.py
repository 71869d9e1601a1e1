"""In which language a buyer is spoken to: one rule for pages and letters, of what each business has on offer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

PARAMETER = "lang"  # of the page's address: the buyer chose it there
_COOKIE = "language"
_SPOKEN = "tallystick.spoken"  # of a request: what its page was made in


@dataclass(frozen=True, slots=True)
class Offer:
    """What a business speaks with its buyers."""

    chosen: Sequence[str] = ()  # by the business; none: all that there are
    own: str = ""  # its own, for buyers of whose none is on offer; empty: English

    @property
    def languages(self) -> list[str]:
        """Those on offer, as all lists have them. Of one that we no longer speak nothing is left."""
        every = [code for code, _name in settings.LANGUAGES]
        return [code for code in every if code in self.chosen] or every

    def nearest(self, *wishes: str) -> str:
        """The first wish that is on offer, if only without its region; else the business's own."""
        on_offer = self.languages
        own: str = self.own or settings.LANGUAGE_CODE
        for wish in (*wishes, own):
            if (spoken := _spoken(wish)) in on_offer:
                return spoken
        return on_offer[0]


EVERY = Offer()


def language_of(request: HttpRequest, *asked_for: str, offer: Offer = EVERY) -> str:
    """What the buyer chooses with this address; else what was asked for before, by them or the shop; else what the
    browser asks for; else the business's own. Whatever is not on offer is passed over.
    """
    return offer.nearest(chosen(request, offer), *asked_for, *_browsers(request))


def chosen(request: HttpRequest, offer: Offer = EVERY) -> str:
    """The language that the buyer chooses with this address; empty as a rule."""
    try:
        language = _spoken(request.GET.get(PARAMETER, ""))
    except SuspiciousOperation:  # more parameters than Django reads
        return ""
    return language if language in offer.languages else ""


def remembered(request: HttpRequest) -> str:
    """The one that they chose before, on a page that keeps it with the browser."""
    return _spoken(request.COOKIES.get(_COOKIE, ""))


def wished(request: HttpRequest, offer: Offer) -> str:
    """What they wish to read, for what is made for them to go on with: the first wish on offer, as the page is in;
    else the first that we speak at all, should it be offered again; else empty. Never what nobody wished for.
    """
    wishes = [_spoken(each) for each in (chosen(request), remembered(request), *_browsers(request))]
    on_offer = offer.languages
    return next((each for each in wishes if each in on_offer), next(filter(None, wishes), ""))


def remember_choice(request: HttpRequest, response: HttpResponse, *, path: str, offer: Offer) -> None:
    """Keeps a choice with the browser, for the page of this path and those below it: where no session may keep it."""
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    if language := chosen(request, offer):
        response.set_cookie(
            _COOKIE, language, path=path, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
        )


@contextmanager
def speaking(request: HttpRequest, *asked_for: str, offer: Offer) -> Iterator[None]:
    """A business's page is made in the language of `language_of`; and should it fail, the page that says so."""
    language = language_of(request, *asked_for, offer=offer)
    request.META[_SPOKEN] = language, offer
    with translation.override(language):
        yield


def on_offer_at(request: HttpRequest | None) -> list[str]:
    """What the page of a request can be read in: of one that is no business's, all."""
    _language, offer = _spoken_at(request) if request else ("", EVERY)
    return offer.languages


def speaks_buyers_language(door: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page beside those of a business. It keeps no choice: what stands in its address is anybody's."""

    @wraps(door)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        language, _offer = _spoken_at(request)
        with translation.override(language or language_of(request, remembered(request))):
            response = door(request, *args, **kwargs)
        patch_vary_headers(response, ["Cookie", "Accept-Language"])
        return response

    return view


def _spoken_at(request: HttpRequest) -> tuple[str, Offer]:
    """The language that the page was to be made in, and what else was on offer; empty and all for no business's."""
    found: tuple[str, Offer] = request.META.get(_SPOKEN, ("", EVERY))
    return found


def _browsers(request: HttpRequest) -> list[str]:
    """What the browser asks for, the dearest first, down to "whatever you have"."""
    wishes: list[str] = []
    for wish, _weight in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "")):
        if wish == "*":
            break
        wishes.append(wish)
    return wishes


def _spoken(wish: str) -> str:
    """As we name it; empty for what we do not speak."""
    try:
        return translation.get_supported_language_variant(wish)
    except LookupError:
        return ""
