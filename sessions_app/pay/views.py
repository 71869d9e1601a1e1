"""The doors of the buyer's page. Every form works without JavaScript; the page's script only saves reloads.

The token in the URL is the buyer's only secret: nothing here is cached, indexed, or told to another site.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains_app.calls.facilitator import is_switched_on
from chains_app.reading.health import not_offered, unread_networks
from chains_app.reading.scanning import heads_of
from common.errors import DomainError
from common.network.languages import PARAMETER, chosen
from merchants_app.businesses.walletconnect import relay_of
from merchants_app.frame.access import is_of_the_house
from merchants_app.frame.throttling import TooManyRequests, count_opening
from sessions_app.errors import NotPayableAgain
from sessions_app.models import BY_WALLET, Authorization, CheckoutSession, Fate
from sessions_app.owed.letters import has_receipt_letter
from sessions_app.pay.codes import qr_svg
from sessions_app.pay.frame import BuyersDoor, buyers_page, keep_private, told
from sessions_app.pay.unchanged import query_of, unchanged, version_known_to, wanted_of, with_other_code
from sessions_app.paying import scenarios
from sessions_app.paying.announcing import announce, asked_for, take_back
from sessions_app.paying.opening import note_opening
from sessions_app.paying.paying_again import BUYER, ended_by_shop, may_pay_again, pay_again
from sessions_app.paying.quoting import OfferedOption, choose_option, options_for, unseen_network
from sessions_app.paying.signed import under_way
from sessions_app.reading.queries import session_for_buyer, successor_of
from sessions_app.selling.by_hand import NO_SHOP
from sessions_app.shown.due import due_of, sent_text
from sessions_app.shown.fees import Fees, fees_of
from sessions_app.shown.page import PayPage, pay_page
from sessions_app.shown.scenarios import scenario_named
from sessions_app.shown.states import State, state_of
from sessions_app.state import lifecycle
from sessions_app.state.children import payments_of
from sessions_app.state.representation import payable_option

# How WalletConnect tells a wallet where it is wanted (version 2 of its URIs).
_PAIRING = re.compile(r"wc:[0-9a-f]{64}@2\?[A-Za-z0-9=&%._-]{1,400}")

# What a wallet says that became of what it sent.
_WALLETS_WORDS = {"failed": Fate.TAKEN_BACK, "replaced": Fate.SET_ASIDE}


def _buyers_door(door: BuyersDoor) -> Callable[[HttpRequest, str], HttpResponse]:
    """A buyer's page that answers refusals with the page of the payment."""

    @buyers_page
    @wraps(door)
    def view(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
        try:
            return door(request, session)
        except DomainError as refusal:
            return _page(request, session_for_buyer(session.page_token), error=refusal)

    return view


def _buyers_form(door: BuyersDoor) -> Callable[[HttpRequest, str], HttpResponse]:
    """A form of the page. A refused one is answered at this address: who loads that again is led back to the page."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @_buyers_door
    @wraps(door)
    def view(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
        return door(request, session) if request.method == "POST" else _back_to_page(session, _query(request))

    return view


@require_safe
@_buyers_door
def pay(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    """The page. `?change=1` shows the options again, `?again=1` the address although a payment is said to be on its
    way, `?from=exchange` what a withdrawal form asks for, `?qr=other` the other of the two QR codes.

    Of a session that was superseded, the buyer is led to its successor's.
    """
    if successor := successor_of(session):
        choice = chosen(request, session.merchant.speaks)
        query = _following({PARAMETER: choice} if choice else {})
        return redirect(reverse("hosted:pay", args=[successor.page_token]) + query)
    if request.method == "GET" and session.opened_at is None and not is_of_the_house(request, session.merchant):
        note_opening(session, now=timezone.now())
        session = session_for_buyer(session.page_token)  # that is no news to whoever opened it
    return _page(request, session)


@require_safe
def status(request: HttpRequest, page_token: str) -> HttpResponse:
    """The part of the page that changes; 304 while it has not, as `web/open_pages.py` says before it."""
    version = version_known_to(request)
    if version and unchanged([(page_token, request)])[0]:
        return keep_private(HttpResponseNotModified(headers={"ETag": f'"{version}"'}))
    return _news(request, page_token)


# For many who ask at the same time: they are answered together where nothing is new.
status.asked_by_many = unchanged  # type: ignore[attr-defined]


@_buyers_door
def _news(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    if successor := successor_of(session):  # an open page goes on with it, as one that is loaded does
        return redirect(reverse("hosted:pay-status", args=[successor.page_token]) + _query(request))
    page = _view_model(request, session)
    response = render(request, "pay/_live.html", _context(request, page))
    response["ETag"] = f'"{page.version}"'
    return response


@_buyers_form
def choose(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    """The buyer picked an asset on a network."""
    asset, network = request.POST.get("asset", ""), request.POST.get("network", "")
    choose_option(session=session, asset=asset, network=network, now=timezone.now())
    return _back_to_page(session)


@_buyers_form
def renew(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    """The price no longer holds: today's, for the same option and in the same view. Nothing happens while it holds."""
    if session.quote:
        choose_option(session=session, asset=session.quote.asset, network=session.quote.network, now=timezone.now())
    return _back_to_page(session, _query(request))


@_buyers_form
def sent(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    """The buyer sent it: the wallet told the page's script the transaction's hash, or an exchange was asked to send.

    Told to the session that has the place by now: what the wallet sends counts for that one.
    """
    shown = [session]
    while successor := successor_of(session):
        session = session_for_buyer(successor.page_token)
        shown.append(session)
    if fate := next((fate for word, fate in _WALLETS_WORDS.items() if request.POST.get(word)), None):
        take_back(session, tx_hash=request.POST.get("tx_hash", BY_WALLET), fate=fate)
        return _back_to_page(session)
    quote = asked_for(shown, chain_id=request.POST.get("chain_id", ""))
    announce(
        session,
        tx_hash=request.POST.get("tx_hash", ""),
        amount=sent_text(session, quote) if quote else "",
        network=quote.network if quote else "",
        now=timezone.now(),
    )
    return _back_to_page(session)


@_buyers_form
def cancel(_request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    """The buyer gave up: back to the shop."""
    lifecycle.cancel(session, actor=BUYER)
    if session.cancel_url == NO_SHOP:
        return _back_to_page(session)
    return HttpResponseRedirect(session.cancel_url, status=303)


@_buyers_form
def again(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    """The buyer of a session that ended begins anew: on to the page of the one that goes on."""
    try:
        count_opening(request, session.merchant.public_id)
    except TooManyRequests as refusal:
        raise NotPayableAgain(gettext("Too many payments were begun from here. Wait a minute.")) from refusal
    return _back_to_page(pay_again(session, now=timezone.now()))


@_buyers_form
def simulate(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    """Test mode: plays a buyer's payment."""
    scenario = scenario_named(request.POST.get("scenario", ""))
    scenarios.simulate(session=session, scenario=scenario, now=timezone.now(), actor=BUYER)
    return _back_to_page(session)


@require_safe
@_buyers_door
def qr(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    """The payment as a QR code: `?kind=uri` (EIP-681, with the amount) or `?kind=address`. 404 when nothing is due."""
    due = due_of(session, fees={})
    if due is None:
        return HttpResponse(status=404)
    text = due.address if request.GET.get("kind") == "address" or not due.uri else due.uri
    return HttpResponse(qr_svg(text), content_type="image/svg+xml")


@require_POST
@_buyers_door
def wallet_code(request: HttpRequest, session: CheckoutSession) -> HttpResponse:
    """What a wallet scans to be reached over WalletConnect, as a QR code of `uri`, which holds a secret of the page's
    script and therefore comes in a body. 404 where the business has not switched that on.
    """
    uri = request.POST.get("uri", "")
    if not relay_of(session.merchant):
        return HttpResponse(status=404)
    if not _PAIRING.fullmatch(uri):
        return HttpResponse(status=400)
    return HttpResponse(qr_svg(uri), content_type="image/svg+xml")


def _page(request: HttpRequest, session: CheckoutSession, error: DomainError | None = None) -> HttpResponse:
    view_model = _view_model(request, session, error=told(error) if error else "")
    # What the buyer sees was true when they loaded it and no longer is: a conflict, whatever the API calls it.
    return render(request, "pay/page.html", _context(request, view_model), status=409 if error else 200)


def _view_model(request: HttpRequest, session: CheckoutSession, error: str = "") -> PayPage:
    now, wanted, unseen = timezone.now(), wanted_of(request), _unseen(session, timezone.now())
    state = state_of(session, now=now, wanted=wanted, unseen=unseen)
    options = options_for(session, now) if state == State.CHOOSE else []
    return pay_page(
        session=session,
        state=state,
        options=options,
        fees=_fees(session, state, options, now),
        heads=_heads(session),
        now=now,
        error=error,
        unseen=unseen,
        unseen_since=unread_networks(now).get(session.quote.network) if unseen and session.quote else None,
        wanted=wanted,
        closed=not_offered(now) if state == State.SEND else (),
        rows=session.page_rows,
        signed=_signed(session, state),
        is_mailed=state == State.PAID and has_receipt_letter(session),
        by_shop=state == State.CANCELLED and ended_by_shop(session),
        can_pay_again=state in {State.EXPIRED, State.CANCELLED} and may_pay_again(session, now),
    )


def _signed(session: CheckoutSession, state: State) -> Authorization | None:
    """What was handed over, wherever money is asked for, or could be once more. Where nobody can sign, open pages are
    spared the look.
    """
    is_over = state in {State.EXPIRED, State.CANCELLED}
    may_be = is_over or (is_switched_on() and state in {State.CHOOSE, State.SEND, State.LAPSED, State.AWAY})
    return under_way(session) if may_be else None


def _fees(session: CheckoutSession, state: State, offered: Sequence[OfferedOption], now: datetime) -> Fees:
    options = [each.option for each in offered]
    if state == State.SEND and session.quote and (due := payable_option(session.quote)):
        options = [due]
    return fees_of(options, mode=session.mode, currency=session.currency, now=now)


def _context(request: HttpRequest, view_model: PayPage) -> dict[str, object]:
    here = reverse("hosted:pay", args=[view_model.token])  # of a refused form the browser has the form's own address
    queries = {"query": _query(request), "other_code": _following(with_other_code(query_of(request)))}
    return {"page": view_model, "order": view_model.order, "here": here} | queries


def _query(request: HttpRequest) -> str:
    """What the page is asked to show, as it follows an address; empty as a rule."""
    return _following(query_of(request))


def _following(query: Mapping[str, str]) -> str:
    return f"?{urlencode(query)}" if query else ""


def _heads(session: CheckoutSession) -> dict[str, int]:
    waiting = {p.network for p in payments_of(session) if not p.confirmed_at and not p.vanished_at}
    return heads_of(waiting)


def _unseen(session: CheckoutSession, now: datetime) -> str:
    network = unseen_network(session, now)
    return network.name if network else ""


def _back_to_page(session: CheckoutSession, query: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("hosted:pay", args=[session.page_token]) + query, status=303)
