"""What lets a buyer's page stand in a shop's frame, and nowhere else: who may show it, and forms that need no cookie.

In a frame of another site browsers send no cookies, so the usual proof that a form is ours cannot come. None is needed:
these pages know nobody by a cookie. Whoever sends a form holds the secret in its address (or the address of a public
payment link), and could do no more by making somebody else's browser send it. What is left to refuse is a form on
another site's page, by the origin that browsers name with every form they send there or from there; a script of the
shop's cannot change that header.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from common.network.content_security import framed, let_frame
from merchants_app.businesses.embedding import embedders
from merchants_app.businesses.walletconnect import relay_of
from merchants_app.models import Merchant
from sessions_app.shown.order import Order


def is_from_here(request: HttpRequest) -> bool:
    """Whether this is no form, or one that no page of another site sent.

    `Origin: null` is what a page says that hides where it is from. Programs that are no browsers say nothing.
    """
    if request.method in {"GET", "HEAD"}:
        return True
    if "Origin" in request.headers:
        own = f"{request.scheme}://{request.get_host()}"
        return request.headers["Origin"] in {own, settings.PUBLIC_URL}
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


def foreign_form(request: HttpRequest, order: Order, *, back: str) -> HttpResponse:
    """Refuses a form of another site; `back` leads to the page that has ours."""
    return render(request, "pay/foreign_form.html", {"order": order, "back": back, "here": back}, status=403)


def let_shops_frame(request: HttpRequest, merchant: Merchant, mode: str) -> None:
    """Whatever answers from now on: the origins that the business names, and nobody where it names none."""
    let_frame(request, embedders(merchant, mode))


def framed_by_shops(request: HttpRequest, response: HttpResponse, merchant: Merchant) -> HttpResponse:
    """The answer with a policy that says so."""
    # A form's redirect leads out to the shop (cancelUrl).
    return framed(request, response, leads_out=True, relay=relay_of(merchant))
