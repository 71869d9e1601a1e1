"""The buyer's page of a payment link: who are you, how much; then on to a checkout session of one's own."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from common.errors import DomainError
from common.network.languages import remember_choice, remembered, speaking, speaks_buyers_language, wished
from merchants_app.frame.forms import once
from merchants_app.frame.throttling import TooManyRequests, count_opening
from merchants_app.requests.idempotency import StillRunning
from sessions_app.models import PaymentLink
from sessions_app.pay.buyer_form import BuyerForm
from sessions_app.pay.codes import qr_svg
from sessions_app.pay.embedding import foreign_form, framed_by_shops, is_from_here, let_shops_frame
from sessions_app.pay.frame import told
from sessions_app.reading.named import moment_here
from sessions_app.selling.payment_links import (
    Closed,
    LinkNotFound,
    closed_because,
    link_for_buyer,
    link_url,
    open_link,
)
from sessions_app.shown.order import offer_of

LinksDoor = Callable[[HttpRequest, PaymentLink], HttpResponse]


def _links_door(door: LinksDoor) -> Callable[[HttpRequest, str], HttpResponse]:
    """Finds the link of the URL, and speaks the language of whoever opened it."""

    @never_cache
    @wraps(door)
    def view(request: HttpRequest, link_id: str) -> HttpResponse:
        try:
            link = link_for_buyer(link_id)
        except LinkNotFound:
            return _not_found(request)
        offer = link.merchant.speaks
        with speaking(request, remembered(request), offer=offer):
            response = door(request, link)
        remember_choice(request, response, path=_path(link), offer=offer)
        return response

    return view


@csrf_exempt  # as `buyers_page` is, for the same reasons
@gzip_page
@require_http_methods(["GET", "HEAD", "POST"])
@_links_door
def payment_link(request: HttpRequest, link: PaymentLink) -> HttpResponse:
    """Shows what is sold; a POST opens a session and leads to its page."""
    let_shops_frame(request, link.merchant, link.mode)
    if is_from_here(request):
        response = _opened(request, link) if request.method == "POST" else _page(request, link, BuyerForm(link))
    else:
        response = foreign_form(request, offer_of(link), back=_path(link))
    return framed_by_shops(request, response, link.merchant)


def _opened(request: HttpRequest, link: PaymentLink) -> HttpResponse:
    form = BuyerForm(link, request.POST)
    if not form.is_valid():
        return _page(request, link, form, status=400)
    try:
        page_token = once(
            request,
            link,
            lambda: open_link(link, **form.cleaned_data, language=wished(request, link.merchant.speaks)).page_token,
            before=lambda: count_opening(request, link.public_id),
        )
    except TooManyRequests as refusal:
        words = gettext("Too many payments were begun from here. Wait a minute.")
        answer = _page(request, link, form, refusal=words, status=429)
        answer["Retry-After"] = str(refusal.allowance.reset_seconds)
        return answer
    except StillRunning as refusal:  # the first press's
        words = gettext("It is our fault, not yours. Try again in a minute.")
        return _page(request, link, form, refusal=words, status=refusal.status)
    except DomainError as refusal:  # closed by now, or the merchant has nowhere to receive
        return _page(request, link, form, refusal=told(refusal), status=refusal.status)
    return redirect("hosted:pay", page_token)


def _page(
    request: HttpRequest, link: PaymentLink, form: BuyerForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    """`refusal`: why the form was not taken, where no field is wrong."""
    closed = closed_because(link, timezone.now())
    context = {
        "order": offer_of(link, is_open=closed not in {Closed.OFF, Closed.OVER}),
        "link": link,
        "form": form,
        "closed": closed,
        "refusal": refusal,
        "until": moment_here(link.ends_at) if link.ends_at else "",
        "url": link_url(link),
        "server": settings.PUBLIC_URL,
    }
    return render(request, "pay/link.html", context, status=status)


@require_safe
@_links_door
def poster(request: HttpRequest, link: PaymentLink) -> HttpResponse:
    """The link as a page to print and hang up, with its code."""
    url = link_url(link)
    return render(
        request,
        "pay/poster.html",
        {"order": offer_of(link), "link": link, "url": url, "short_url": url.partition("://")[2]},
    )


@require_safe
@_links_door
def link_qr(_request: HttpRequest, link: PaymentLink) -> HttpResponse:
    """The link's address as a QR code, to be read from a few steps away and with a corner torn off."""
    return HttpResponse(qr_svg(link_url(link), error="q"), content_type="image/svg+xml")


@speaks_buyers_language
def _not_found(request: HttpRequest) -> HttpResponse:
    return render(request, "pay/not_found.html", status=404)


def _path(link: PaymentLink) -> str:
    return reverse("hosted:payment-link", args=[link.public_id])
