"""The buyer's page beside the settings: the real templates, fed by what the form holds, for a made-up order."""

from base64 import b64encode
from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.clickjacking import xframe_options_sameorigin

from common.network.content_security import PICTURE
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.settings_form import SettingsForm
from merchants_app.frame.ways_form import WaysForm
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Customer, DepositAddress, Quote
from sessions_app.paying.quoting import OfferedOption, options_for
from sessions_app.shown.fees import fees_of
from sessions_app.shown.page import pay_page
from sessions_app.shown.states import state_of
from sessions_app.status import PaymentStatus, Status

# Nobody's: its letters' cases are not those that its checksum asks for, so that no wallet sends to it.
_NOWHERE = "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
_PRICE = Decimal(49)
_NOBODYS = "preview"  # opens no page


@xframe_options_sameorigin
@for_members(change=Power.MANAGE_SETTINGS)
def preview(request: HttpRequest, access: Access) -> HttpResponse:
    """A step of the page with the form's values as far as they are right; the saved ones on GET. Writes nothing."""
    merchant, picture = copy(access.merchant), None
    if request.method == "POST":
        picture = _fill_in(merchant, request, access)
    step, now = request.POST.get("step") or request.GET.get("step", "choose"), timezone.now()
    session = _session(merchant, access.mode, now=now, is_paid=step == "paid")
    offers = options_for(session, now)
    if step == "send":
        _pick(session, offers, now)
    fees = fees_of([each.option for each in offers], mode=session.mode, currency=session.currency, now=now)
    with translation.override(merchant.speaks.nearest(request.POST.get("spoken", ""))):
        state = state_of(session, now=now)
        shown = pay_page(session=session, state=state, options=offers, heads={}, now=now, fees=fees)
        # No request: the page is drawn as it stands by itself, not as one in a shop's frame.
        made_up = {"made_up_logo": picture, "made_up_code": _code()}
        context = {"page": shown, "order": shown.order, "query": "", "request": None, **made_up}
        response = render(request, "pay/preview.html", context)
    response["Content-Security-Policy"] = PICTURE
    response["Cache-Control"] = "no-store, private"
    return response


def _fill_in(merchant: Merchant, request: HttpRequest, access: Access) -> str | None:
    """Puts what was typed rightly into the copy of the business; returns a new picture as a URL."""
    form = SettingsForm(request.POST, request.FILES, instance=copy(merchant))
    ways = WaysForm(request.POST, merchant=access.merchant, mode=access.mode)
    form.is_valid()
    right: dict[str, Any] = form.cleaned_data | (ways.changes() if ways.is_fine else {})
    logo: bytes | None = right.pop("logo", None)
    for name, value in right.items():
        setattr(merchant, name, value)
    if logo is not None:
        merchant.logo_digest = "new" if logo else ""
    return f"data:image/png;base64,{b64encode(logo).decode()}" if logo else None


def _session(merchant: Merchant, mode: str, *, now: datetime, is_paid: bool) -> CheckoutSession:
    """An order that is nobody's: it has no row, and the key that no row has."""
    return CheckoutSession(
        pk=0,
        public_id="cs_preview",
        page_token=_NOBODYS,
        merchant=merchant,
        mode=mode,
        status=Status.COMPLETED if is_paid else Status.OPEN,
        payment_status=PaymentStatus.PAID if is_paid else PaymentStatus.UNPAID,
        completed_at=now if is_paid else None,
        customer=Customer(merchant=merchant, mode=mode),
        amount=_PRICE,
        currency=merchant.reporting_currency,
        success_url="https://shop.example/thanks",
        cancel_url="https://shop.example/cart",
        email="pat@shop.example",
        product_name="Winter box, 1 kg",
        product_description="Three single origins, roasted on Monday",
        reference="10482",
        tolerance_percent=merchant.tolerance_percent,
        tolerance_amount=Decimal(1),
        spread_percent=merchant.spread_percent,
        quote_minutes=merchant.quote_minutes,
        ways_off=merchant.ways_off,
        expires_at=now + timedelta(minutes=merchant.session_minutes),
        watch_until=now + timedelta(minutes=merchant.session_minutes, days=merchant.watch_days),
        created_at=now,
        updated_at=now,
    )


def _code() -> str:
    """A QR code that leads nowhere, as the page's own are drawn."""
    made = segno.make("This is a preview: nothing is paid here.", error="l", micro=False)
    return str(made.svg_data_uri(border=4, dark="#000", light="#fff"))


def _pick(session: CheckoutSession, offers: list[OfferedOption], now: datetime) -> None:
    """The first that can be had."""
    found = next((each for each in offers if not each.unavailable and each.amount_units), None)
    if found is None or found.rate is None:
        return
    session.quote = Quote(
        session=session,
        asset=found.option.asset.symbol,
        network=found.option.network.id,
        decimals=found.option.asset.decimals,
        amount_units=Decimal(found.amount_units or 0),
        rate=found.rate,
        provenance={},
        created_at=now,
        valid_until=now + timedelta(minutes=session.quote_minutes),
    )
    DepositAddress(session=session, address=_NOWHERE, watch_until=session.watch_until, created_at=now)
