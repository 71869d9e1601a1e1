"""What all of a buyer's pages have in common: the session of their address, its language, privacy, who frames it."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page

from common.errors import DomainError
from common.network.languages import chosen, speaking, speaks_buyers_language
from merchants_app.frame.access import is_of_the_house
from sessions_app.errors import NoTreasury, SessionNotFound, SessionNotOpen, SwitchedOff
from sessions_app.models import CheckoutSession
from sessions_app.pay.embedding import foreign_form, framed_by_shops, is_from_here, let_shops_frame
from sessions_app.paying.opening import note_choice
from sessions_app.reading.queries import session_for_buyer
from sessions_app.sentences import Sentence, gettext
from sessions_app.shown.order import order_of

BuyersDoor = Callable[[HttpRequest, CheckoutSession], HttpResponse]


def buyers_page(door: BuyersDoor) -> Callable[[HttpRequest, str], HttpResponse]:
    """Finds the session of the URL, speaks its language, takes our own forms only, and keeps the URL private."""

    @csrf_exempt  # no cookie comes with a form in a shop's frame: `embedding` says what is asked instead
    @gzip_page  # the length tells no secret: who can have the page asked for has its token; and Django pads it
    @wraps(door)
    def view(request: HttpRequest, page_token: str) -> HttpResponse:
        try:
            session = session_for_buyer(page_token)
            let_shops_frame(request, session.merchant, session.mode)  # whatever goes wrong after this
            if request.method == "GET" and _chose(session, request):
                session = session_for_buyer(page_token)  # that is no news to whoever chose it
        except SessionNotFound:
            return _not_found(request)
        with speaking(request, *session.wished_languages, offer=session.merchant.speaks):
            if is_from_here(request):
                response = door(request, session)
            else:
                back = reverse("hosted:pay", args=[session.page_token])
                response = foreign_form(request, order_of(session), back=back)
        patch_vary_headers(response, ["Accept-Language"])
        return keep_private(framed_by_shops(request, response, session.merchant))

    return view


def told(refusal: DomainError) -> Sentence:
    """Why not, in the buyer's language. What is over, or cannot receive, the API says in words for shops."""
    if isinstance(refusal, SessionNotOpen):
        return gettext("That was over already, or changed meanwhile: see below how this payment stands.")
    if isinstance(refusal, NoTreasury | SwitchedOff):
        return Sentence(refusal.for_buyers)
    return refusal.detail if isinstance(refusal.detail, Sentence) else Sentence(refusal.detail)


def _chose(session: CheckoutSession, request: HttpRequest) -> bool:
    """Whether its buyer did, with this address: who looks in from the business chooses nothing for them."""
    language = chosen(request, session.merchant.speaks)
    return bool(language) and not is_of_the_house(request, session.merchant) and note_choice(session, language)


@speaks_buyers_language
def _not_found(request: HttpRequest) -> HttpResponse:
    return keep_private(render(request, "pay/not_found.html", status=404))


def keep_private(response: HttpResponse) -> HttpResponse:
    """Kept by no cache and no search engine; its address is told to nobody."""
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    # Not `no-referrer`: under it browsers send `Origin: null` with a form, and its CSRF check must fail. This one
    # tells other sites just as little.
    response["Referrer-Policy"] = "same-origin"
    patch_vary_headers(response, ["Sec-Fetch-Dest"])
    return response
