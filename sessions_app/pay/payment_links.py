"""The buyer's page of a payment link: who are you, how much; then on to a checkout session of one's own."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common.errors import DomainError
from common.money import minor_digits
from merchants_app.businesses.embedding import embedders
from merchants_app.frame.throttling import TooManyRequests, count_opening
from sessions_app.models import PaymentLink
from sessions_app.pay.embedding import foreign_form, framed_by_shops, is_from_here
from sessions_app.pay.shown.order import offer_of
from sessions_app.selling.payment_links import LinkNotFound, link_for_buyer, open_link, why_closed


class BuyerForm(forms.Form):
    """What a link does not know: the buyer, and the amount where the buyer chooses it."""

    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )

    def __init__(self, link: PaymentLink, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if link.amount is None:
            self.fields["amount"] = _amount_field(link.currency)


def _amount_field(currency: str) -> forms.DecimalField:
    digits = minor_digits(currency)
    smallest = Decimal(1).scaleb(-digits)
    return forms.DecimalField(
        label=_("Amount in %(currency)s") % {"currency": currency},
        min_value=smallest,
        max_digits=16,
        decimal_places=digits,
        widget=forms.NumberInput({"inputmode": "decimal", "step": str(smallest)}),
    )


@csrf_exempt  # as `buyers_page` is, for the same reasons
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def payment_link(request: HttpRequest, link_id: str) -> HttpResponse:
    """Shows what is sold; a POST opens a session and leads to its page."""
    try:
        link = link_for_buyer(link_id)
    except LinkNotFound:
        return render(request, "pay/not_found.html", status=404)
    if is_from_here(request):
        response = _opened(request, link) if request.method == "POST" else _page(request, link, BuyerForm(link))
    else:
        response = foreign_form(request, back=reverse("hosted:payment-link", args=[link.public_id]))
    return framed_by_shops(response, link.merchant, link.mode)


def _opened(request: HttpRequest, link: PaymentLink) -> HttpResponse:
    form = BuyerForm(link, request.POST)
    if not form.is_valid():
        return _page(request, link, form, status=400)
    try:
        count_opening(request, link.public_id)
        session = open_link(link, **form.cleaned_data)
    except TooManyRequests as refusal:
        answer = _page(request, link, form, closed="Too many payments were begun from here. Wait a minute.", status=429)
        answer["Retry-After"] = str(refusal.allowance.reset_seconds)
        return answer
    except DomainError as refusal:  # closed by now, or the merchant has nowhere to receive
        return _page(request, link, form, closed=refusal.detail, status=refusal.status)
    return redirect("hosted:pay", session.page_token)


def _page(
    request: HttpRequest, link: PaymentLink, form: BuyerForm, *, closed: str | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "order": offer_of(link),
        "form": form,
        "closed": why_closed(link, timezone.now()) if closed is None else closed,
        "shops": embedders(link.merchant, link.mode),
    }
    return render(request, "pay/link.html", context, status=status)
