"""The merchant's pages of a refund: prepared here, signed in the merchant's own wallet, and seen done."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from chains_app.networks.networks import Network, find_option
from common.money import amount_text, to_minor_unit
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import NumberField, TransactionForm, once
from merchants_app.frame.pages import page
from sessions_app.letters.at_once import ask_by_mail
from sessions_app.models import CheckoutSession, Refund, RefundCandidate
from sessions_app.paying.scenarios import SANDBOX
from sessions_app.reading.session_words import network_name
from sessions_app.refunding.address import latest_change
from sessions_app.refunding.mails import refund_page_url
from sessions_app.refunding.matching import candidates_of
from sessions_app.refunding.refundable import arrived, excess, waiting_for_address
from sessions_app.refunding.refunds import (
    ask_for_rate,
    play_refund,
    prepare_refund,
    refund_call,
    refund_fee,
    why_held,
    withdraw_refund,
)
from sessions_app.refunding.told import tell_transaction
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.scope import SessionScope
from sessions_app.status import RefundKind, RefundRate, RefundStatus


class RefundForm(forms.Form):
    """What goes back: of which balance, how much, at which rate."""

    balance = forms.CharField(max_length=60)
    kind = forms.ChoiceField(choices=RefundKind.choices)
    rate_basis = forms.ChoiceField(choices=RefundRate.choices)
    amount = NumberField(required=False, max_digits=20, decimal_places=4)
    to_address = forms.CharField(max_length=42)  # as the page showed it


@for_members(change=Power.HANDLE_SESSIONS)
def refund(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Prepares a refund of a session, and shows those there are."""
    scope = SessionScope.of(access)
    session = scope.session(session_id)
    if request.method == "POST":
        form = RefundForm(request.POST)
        if form.is_valid():
            typed = form.cleaned_data
            refund_id = once(
                request,
                access,
                lambda: _prepared(session, typed, access),
                before=lambda: ask_for_rate(typed["rate_basis"], access.mode),
            )
            return redirect("dashboard:refund-sign", access.at, session_id, refund_id)
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("dashboard:refund", access.at, session_id)
    return page(
        request,
        access,
        "refund.html",
        session=session,
        balances=[
            (balance, network_name(balance.network), amount_text(balance.units, balance.decimals))
            for balance in arrived(session)
        ],
        excess=to_minor_unit(excess(session), session.currency),
        refunds=[(each, amount_text(each.amount_units, each.decimals)) for each in scope.refunds(session_id)],
        change=latest_change(session),
        waits=bool(waiting_for_address(session)),
        link=refund_page_url(session),
        kinds=RefundKind.choices,
        rates=RefundRate.choices,
    )


def _prepared(session: CheckoutSession, typed: Mapping[str, Any], access: Access) -> str:
    network_id, _, asset = typed["balance"].partition(":")
    what = Worth(RefundKind(typed["kind"]), typed["amount"], RefundRate(typed["rate_basis"]))
    wish = Wish(network=network_id, asset=asset, what=what, shown=typed["to_address"])
    return prepare_refund(session=session, wish=wish, actor=access.actor).public_id


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def ask(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Mails the buyer the link to the page that asks for an address."""
    session = SessionScope.of(access).session(session_id)
    ask_by_mail(session, actor=access.actor, now=timezone.now())
    messages.success(request, f"Mailed to {session.email}.")
    return redirect("dashboard:refund", access.at, session_id)


@for_members(change=Power.HANDLE_SESSIONS)
def sign(request: HttpRequest, access: Access, session_id: str, refund_id: str) -> HttpResponse:
    """The transaction for the merchant's wallet. A POST says which it became, withdraws it, or plays it."""
    session = SessionScope.of(access).session(session_id)
    found = SessionScope.of(access).refund(session_id, refund_id)
    option = find_option(found.network, found.asset)
    if request.method == "POST":
        return _act(request, access, found, is_listed=option is not None)
    held = why_held(found)
    is_to_go = not held and found.to_address and found.status != RefundStatus.WITHDRAWN
    call = refund_call(found) if option and is_to_go else None
    return page(
        request,
        access,
        "refund_sign.html",
        session=session,
        refund=found,
        network=option and option.network,
        amount=amount_text(found.amount_units, found.decimals),
        held=held,
        call=call,
        fee=refund_fee(found) if call and found.status == RefundStatus.PREPARED else None,
        candidates=_candidates(found, option.network) if option else [],
        is_sent=found.is_said_sent,
        form=TransactionForm(),
        change=latest_change(session),
        is_sandbox=found.network == SANDBOX,
    )


def _candidates(found: Refund, network: Network) -> list[tuple[RefundCandidate, str | None]]:
    """With where a human sees each."""
    return [
        (each, network.explorer_link(tx_hash=each.tx_hash, log_index=each.log_index, recipient=found.to_address))
        for each in candidates_of(found)
    ]


def _act(request: HttpRequest, access: Access, found: Refund, *, is_listed: bool) -> HttpResponse:
    if not is_listed and request.POST.get("act") != "withdraw":
        raise Http404("Its asset is listed here no more.")
    if request.POST.get("act") == "sent":
        form = TransactionForm(request.POST)
        if form.is_valid():
            tell_transaction(found, form.cleaned_data["tx_hash"], actor=access.actor)
            messages.success(request, "Noted: it is looked for on the network.")
        else:
            messages.error(request, " ".join(map(str, form.errors["tx_hash"])))
    if request.POST.get("act") == "withdraw":
        if withdraw_refund(found, actor=access.actor, now=timezone.now()):
            messages.success(request, "Withdrawn.")
        else:
            messages.error(request, "It is on its way already: nothing was withdrawn.")
        return redirect("dashboard:refund", access.at, found.session.public_id)
    if request.POST.get("act") == "play":
        play_refund(found, now=timezone.now(), actor=access.actor)
        messages.success(request, "Sent on the sandbox; it is seen within seconds.")
    return redirect("dashboard:refund-sign", access.at, found.session.public_id, found.public_id)
