"""The buyer's pages about a refund: where shall it go, and for another address the code from the buyer's mailbox."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from common.errors import DomainError
from common.money import amount_text
from sessions_app.letters.at_once import name_address
from sessions_app.models import AddressChange, CheckoutSession
from sessions_app.pay.frame import buyers_page, told
from sessions_app.reading.amounts import address_groups
from sessions_app.reading.session_words import network_name
from sessions_app.refunding.address import CODE_HOLDS, change_of, confirm_change
from sessions_app.refunding.refundable import arrived, waiting_for_address
from sessions_app.shown.order import order_of


@require_http_methods(["GET", "HEAD", "POST"])
@buyers_page
def buyers_refund(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    """Where shall a refund go? `?change=` the change that waits for its code."""
    if not hasattr(session, "deposit") or not (arrived(session) or waiting_for_address(session)):
        return render(request, "pay/refund.html", {"session": session, "order": order_of(session), "nothing": True})
    change = change_of(session, request.GET.get("change", ""))
    if request.method != "POST":
        return _page(request, session, change)
    now = timezone.now()
    try:
        if "code" in request.POST:
            confirm_change(session, request.GET.get("change", ""), request.POST["code"], now=now)
            return _to(session)
        asked = name_address(session, request.POST.get("address", "").strip(), now=now)
    except DomainError as refusal:
        return _page(request, session, change, fault=refusal)
    return _to(session, asked)


def _page(
    request: HttpRequest, session: CheckoutSession, change: AddressChange | None, fault: DomainError | None = None
) -> HttpResponse:
    common = {"session": session, "order": order_of(session), "fault": told(fault) if fault else ""}
    status = fault.status if fault else 200
    if change:
        context = common | {
            "change": change,
            "former": address_groups(change.former) if change.former else [],
            "wanted": address_groups(change.address),
            "query": _query(change),
            "minutes": int(CODE_HOLDS.total_seconds() // 60),
        }
        return render(request, "pay/refund_code.html", context, status=status)
    given = request.POST.get("address", "").strip()
    kept = address_groups(session.refund_address) if session.refund_address else []
    context = common | {"given": given, "kept": kept, "networks": _networks(session)}
    return render(request, "pay/refund.html", context, status=status)


def _to(session: CheckoutSession, change: AddressChange | None = None) -> HttpResponse:
    """A page that may be loaded again without sending anything again."""
    query = _query(change) if change else ""
    return HttpResponseRedirect(reverse("hosted:pay-refund", args=[session.page_token]) + query, status=303)


def _query(change: AddressChange) -> str:
    return f"?{urlencode({'change': change.public_id})}"


def _networks(session: CheckoutSession) -> list[dict[str, Any]]:
    going = [(each.network, each.asset, each.units, each.decimals) for each in arrived(session)]
    going += [(each.network, each.asset, each.amount_units, each.decimals) for each in waiting_for_address(session)]
    return [
        {"asset": asset, "network": network_name(network), "amount": amount_text(units, decimals)}
        for network, asset, units, decimals in going
    ]
