"""The merchant's pages of refunds: prepared here, signed in the merchant's own wallet, and seen done."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone

from chains_app.networks.networks import Network, find_option, network
from chains_app.rates.exchange_rates import rates_at
from common.money import amount_text, to_minor_unit, to_whole
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import NumberField, TransactionForm, once
from merchants_app.frame.pages import page
from merchants_app.frame.paging import may_lag, newest_first
from sessions_app.collecting.safe import safe_batch
from sessions_app.collecting.worth import about, worth_now
from sessions_app.dashboard.filters.refunds import RefundFilters
from sessions_app.errors import WrongRefund
from sessions_app.letters.at_once import ask_by_mail
from sessions_app.models import CheckoutSession, Refund, RefundCandidate
from sessions_app.paying.scenarios import SANDBOX
from sessions_app.reading.refund_list import refunds_found
from sessions_app.reading.session_page import refund_link
from sessions_app.reading.session_story import ledger_of
from sessions_app.reading.session_words import network_name
from sessions_app.refunding.address import latest_change
from sessions_app.refunding.mails import refund_page_url
from sessions_app.refunding.matching import candidates_of
from sessions_app.refunding.refundable import Arrived, arrived, excess, waiting_for_address
from sessions_app.refunding.refunds import (
    ask_for_rate,
    play_refund,
    prepare_refund,
    refund_call,
    refund_fee,
    why_not_signed,
    withdraw_refund,
)
from sessions_app.refunding.told import RefundNotOpen, tell_transaction
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.scope import SessionScope
from sessions_app.status import RefundKind, RefundRate, RefundStatus

SIZE = 25


class RefundForm(forms.Form):
    """What goes back: of which balance, how much, at which rate."""

    balance = forms.CharField(max_length=60)
    kind = forms.ChoiceField(choices=RefundKind.choices)
    amount = NumberField(
        label="The amount",
        required=False,
        max_digits=20,
        decimal_places=4,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    rate_basis = forms.ChoiceField(choices=RefundRate.choices)
    to_address = forms.CharField(max_length=42)  # as the page showed it

    def clean(self) -> dict[str, Any]:
        """Who types an amount and leaves another choice as it was means the amount: all of it would be too much."""
        typed = super().clean() or {}
        if typed.get("amount") is not None and typed.get("kind") != RefundKind.AMOUNT:
            self.add_error("amount", "You typed an amount: choose “An amount” above, or empty this field.")
        return typed


@for_members()
@may_lag
def refunds(request: HttpRequest, access: Access) -> HttpResponse:
    """All of the business's, as the address says: filters, `?q=` what is looked for, a page."""
    scope, form = SessionScope.of(access), RefundFilters(request.GET, access=access)
    wanted = form.wanted()
    listed = refunds_found(scope, wanted)
    shown = newest_first(listed.refunds, request.GET, size=SIZE)
    return page(request, access, "refunds.html", form=form, wanted=wanted, listed=listed, shown=shown)


@for_members(change=Power.HANDLE_SESSIONS)
def refund(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Prepares a refund of a session, and shows those there are."""
    scope = SessionScope.of(access)
    session = scope.session(session_id)
    form = RefundForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        typed = form.cleaned_data
        refund_id = once(
            request,
            access,
            lambda: _prepared(session, typed, access),
            before=lambda: ask_for_rate(typed["rate_basis"], access.mode),
        )
        return redirect("dashboard:refund-sign", access.at, session_id, refund_id)
    if elsewhere := [str(each) for name, errors in form.errors.items() if name != "amount" for each in errors]:
        messages.error(request, " ".join(elsewhere))
    balances, too_much = arrived(session), to_minor_unit(excess(session), session.currency)
    form.initial = {
        "balance": _name(balances[0]) if balances else "",
        "kind": RefundKind.EXCESS if too_much > 0 else RefundKind.FULL,
        "rate_basis": RefundRate.PAID,
    }
    return page(
        request,
        access,
        "refund.html",
        status=400 if form.errors else 200,
        form=form,
        session=session,
        balances=[
            (_name(each), each, network_name(each.network), amount_text(each.units, each.decimals)) for each in balances
        ],
        excess=too_much,
        ledger=ledger_of(session),
        refunds=scope.refunds(session_id),
        change=latest_change(session),
        waits=bool(waiting_for_address(session)),
        link=refund_page_url(session) if access.may(Power.HANDLE_SESSIONS) else "",
        rates=RefundRate.choices,
    )


def _name(balance: Arrived) -> str:
    return f"{balance.network}:{balance.asset}"


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
        act = request.POST.get("act", "")
        if option is None and act != "withdraw":
            raise Http404("Its asset is listed here no more.")
        return _ACTS.get(act, _again)(request, access, found)
    why_not = why_not_signed(found)
    call = None if why_not else refund_call(found)
    return page(
        request,
        access,
        "refund_sign.html",
        session=session,
        refund=found,
        network=option and option.network,
        link=refund_link(found),
        ledger=ledger_of(session),
        amount=amount_text(found.amount_units, found.decimals),
        held=why_not if found.status == RefundStatus.PREPARED else "",
        call=call,
        fee=_fee(found) if call else None,
        candidates=_candidates(found, option.network) if option else [],
        is_sent=found.is_said_sent,
        form=TransactionForm(),
        change=latest_change(session),
        is_sandbox=found.network == SANDBOX,
    )


def _fee(found: Refund) -> dict[str, Any] | None:
    """What sending it costs now, about; its worth is None while there is no rate."""
    fee, session = refund_fee(found), found.session
    if fee is None:
        return None
    coin, rates = fee.coin, rates_at(mode=session.mode, now=timezone.now())
    currency = session.merchant.reporting_currency
    return {
        "gas": fee.gas,
        "amount": about(to_whole(fee.wei, coin.decimals)),
        "coin": coin.symbol,
        "worth": worth_now(rates, coin.symbol, fee.wei, decimals=coin.decimals, currency=currency),
    }


def _candidates(found: Refund, network: Network) -> list[tuple[RefundCandidate, str | None]]:
    """With where a human sees each."""
    return [
        (each, network.explorer_link(tx_hash=each.tx_hash, log_index=each.log_index, recipient=found.to_address))
        for each in candidates_of(found)
    ]


def _again(_request: HttpRequest, access: Access, found: Refund) -> HttpResponse:
    """Its page, as it is by now."""
    return redirect("dashboard:refund-sign", access.at, found.session.public_id, found.public_id)


def _tell(request: HttpRequest, access: Access, found: Refund) -> HttpResponse:
    form = TransactionForm(request.POST)
    if form.is_valid():
        tell_transaction(found, form.cleaned_data["tx_hash"], actor=access.actor)
        messages.success(request, "Noted: it is looked for on the network.")
    else:
        messages.error(request, " ".join(map(str, form.errors["tx_hash"])))
    return _again(request, access, found)


def _withdraw(request: HttpRequest, access: Access, found: Refund) -> HttpResponse:
    if withdraw_refund(found, actor=access.actor, now=timezone.now()):
        messages.success(request, "Withdrawn.")
    else:
        messages.error(request, "It is on its way already: nothing was withdrawn.")
    return redirect("dashboard:refund", access.at, found.session.public_id)


def _play(request: HttpRequest, access: Access, found: Refund) -> HttpResponse:
    play_refund(found, now=timezone.now(), actor=access.actor)
    messages.success(request, "Sent on the sandbox; it is seen within seconds.")
    return _again(request, access, found)


def _safe_file(_request: HttpRequest, _access: Access, found: Refund) -> HttpResponse:
    """Raises `RefundNotOpen` when nothing is to be signed."""
    if why_not := why_not_signed(found):
        raise RefundNotOpen(why_not)
    if found.network == SANDBOX:
        raise WrongRefund("The sandbox's money is sent by a click: there is no Safe.")
    chain, amount = network(found.network), amount_text(found.amount_units, found.decimals)
    name, words = f"Refund {amount} {found.asset} on {chain.name}", f"{found.public_id}, to {found.to_address}"
    file = safe_batch(chain, [refund_call(found)], name=name, words=words, now=timezone.now())
    answer = JsonResponse(file, json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="refund-{found.public_id}.json"'
    return answer


_ACTS: Mapping[str, Callable[[HttpRequest, Access, Refund], HttpResponse]] = {
    "sent": _tell,
    "withdraw": _withdraw,
    "play": _play,
    "safe": _safe_file,
}
