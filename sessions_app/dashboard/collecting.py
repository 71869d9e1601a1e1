"""Dashboard pages of collecting: what waits, and the transaction for the merchant's own wallet."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from chains_app.evm.deadline_client import deadline
from chains_app.networks.networks import Network, all_networks
from chains_app.rates.exchange_rates import Rates, rates_at
from chains_app.reading.reader import ReaderUnavailable, WrongChain
from common.errors import DomainError
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import TransactionForm
from merchants_app.frame.pages import page
from merchants_app.models import WhenToWrite
from merchants_app.people.letters import collect_letters_to, write_about_collecting_to
from sessions_app.books.definitions import book_lines
from sessions_app.books.fees import fee_asked, fee_booked
from sessions_app.books.tables import last_collected
from sessions_app.collecting import collecting
from sessions_app.collecting.collecting import NothingToCollect, NotMinedYet, Plan
from sessions_app.collecting.piles import Pile, piles, piles_of_unknown_fee
from sessions_app.collecting.prepared import Prepared, prepared
from sessions_app.collecting.safe import safe_file
from sessions_app.dashboard.letters import save_letters
from sessions_app.errors import NetworkUnavailable

# The days and the number of collections that the page shows; the books have them all.
_SHOWN_DAYS, _MOST_SHOWN = 92, 10

# All networks together have this long to answer a page.
NETWORKS_SECONDS = 30.0

# What forms and addresses name as `network:what`, by network: assets to collect, or a transaction that was told.
_Named = Mapping[str, Sequence[str]]

T = TypeVar("T")


@for_members()
def collect(request: HttpRequest, access: Access) -> HttpResponse:
    """What waits, per asset and network, what collecting it costs, and what was collected lately."""
    now = timezone.now()
    found, silent = _piles_now(access, rates_at(mode=access.mode, now=now))
    worths = [pile.worth for pile in found if pile.worth is not None]
    networks = {pile.balance.network.id: pile.balance.network for pile in found}.values()
    return page(
        request,
        access,
        "collect.html",
        piles=sorted(found, key=lambda pile: (pile.worth is None, -(pile.worth or 0))),
        silent=silent,
        networks=networks,
        all_played=all(network.is_played for network in networks),
        any_played=any(network.is_played for network in networks),
        deposits=sum(pile.balance.deposits for pile in found),
        worth=sum(worths, Decimal(0)) if worths else None,
        without_rate=len(found) - len(worths),
        currency=access.merchant.reporting_currency,
        now=now,
        before=_collected_before(access, now),
        letters_now=collect_letters_to(access.user, access.merchant, access.mode),
        letters_choices=WhenToWrite.choices,
    )


@for_members(see=None, change=Power.COLLECT)
def letters(request: HttpRequest, access: Access) -> HttpResponse:
    """When the member is written to about what is worth collecting in this mode."""

    def write(wanted: WhenToWrite) -> None:
        write_about_collecting_to(access.user, access.merchant, access.mode, letters=wanted)

    return save_letters(request, access, about="when it is worth collecting", write=write, page="collect")


@for_members(see=Power.COLLECT, change=Power.COLLECT)
def prepare(request: HttpRequest, access: Access) -> HttpResponseBase:
    """The transactions to sign for the chosen piles, one a network: for a browser wallet, or as a file for a Safe.

    That changes nothing, so it has an address of its own. A POST collects play money at once, and leads to the rest.
    """
    chosen, now = _named(request, access, "pile"), timezone.now()
    if not chosen:
        messages.error(request, "Choose what to collect: tick one asset at least.")
        return redirect("dashboard:collect", at=access.at)
    if request.method == "POST":
        return _to_sign(access, _played(request, access, chosen, now), told={})
    found, silent = _prepared(request, access, chosen, now)
    if request.GET.get("as") == "safe" and len(found) == 1:
        return _safe_download(found[0].plan, now)
    if not found and not silent:
        messages.warning(request, "Nothing is left to sign for.")
        return redirect("dashboard:collect", at=access.at)
    told = _told(request, access)
    return page(
        request,
        access,
        "collect_send.html",
        ready=[_ready(access, each, chosen, told) for each in found],
        silent=silent,
        names=_names(chosen),
        told=_names(told),
        currency=access.merchant.reporting_currency,
    )


@for_members(see=None, change=Power.COLLECT)
def sent(request: HttpRequest, access: Access, network_id: str) -> HttpResponse:
    """Looks at the transaction that the merchant's wallet sent, and marks what it collected; then on to the others.

    What cannot be seen yet stays told on the page that it was signed on: signed for again, it would cost again.
    """
    network = _network(access, network_id)
    form = TransactionForm(request.POST)
    if not form.is_valid():
        raise DomainError(" ".join(map(str, form.errors["tx_hash"])), attr="tx_hash")
    tx_hash, chosen, told = form.cleaned_data["tx_hash"], _named(request, access, "pile"), _told(request, access)
    try:
        count = _seen(access, network, tx_hash)
    except (NetworkUnavailable, NotMinedYet) as error:
        messages.error(request, error.detail)
        return _to_sign(access, chosen, told={**told, network.id: [tx_hash]})
    messages.success(request, f"Seen on {network.name}: {count} payment{'' if count == 1 else 's'} collected.")
    return _to_sign(access, _without(network, chosen), told=_without(network, told))


def _seen(access: Access, network: Network, tx_hash: str) -> int:
    """How many payments it collected. Raises NetworkUnavailable, NotMinedYet, NotCollectedYet."""
    try:
        return collecting.see_collection(
            merchant=access.merchant, mode=access.mode, network=network, tx_hash=tx_hash, by=access.actor
        )
    except (ReaderUnavailable, WrongChain) as error:
        raise NetworkUnavailable(f"{network.name} cannot be read just now. Try again in a minute.") from error


def _to_sign(access: Access, chosen: _Named, *, told: _Named) -> HttpResponse:
    """To the page where these piles are signed for; to the list where there are none."""
    if not chosen:
        return redirect("dashboard:collect", at=access.at)
    return redirect(_signed_at(access, pile=_names(chosen), told=_names(told)))


def _signed_at(access: Access, **query: str | Sequence[str]) -> str:
    """Where what is asked for is signed for."""
    return f"{reverse('dashboard:collect-prepare', args=[access.at])}?{urlencode(query, doseq=True)}"


def _names(named: _Named) -> list[str]:
    return [f"{network_id}:{each}" for network_id, its in named.items() for each in its]


def _named(request: HttpRequest, access: Access, key: str) -> dict[str, list[str]]:
    """What the request names so. Raises Http404 for a network that is not of this mode."""
    named: dict[str, list[str]] = {}
    for name in (request.POST if request.method == "POST" else request.GET).getlist(key):
        network_id, _, what = name.partition(":")
        named.setdefault(_network(access, network_id).id, []).append(what)
    return named


def _told(request: HttpRequest, access: Access) -> dict[str, list[str]]:
    """The transaction of each network that was told and could not be seen yet; the last where there are several."""
    forms = {
        network_id: TransactionForm({"tx_hash": hashes[-1]})
        for network_id, hashes in _named(request, access, "told").items()
    }
    return {network_id: [form.cleaned_data["tx_hash"]] for network_id, form in forms.items() if form.is_valid()}


def _without(network: Network, named: _Named) -> _Named:
    return {network_id: its for network_id, its in named.items() if network_id != network.id}


def _played(request: HttpRequest, access: Access, chosen: _Named, now: datetime) -> _Named:
    """Collects the play money among it; what is left is to be signed for."""
    networks = all_networks()
    for network in (networks[network_id] for network_id in chosen if networks[network_id].is_played):
        try:
            count = collecting.play_collection(
                merchant=access.merchant,
                mode=access.mode,
                network=network,
                assets=chosen[network.id],
                by=access.actor,
                now=now,
            )
        except NothingToCollect as error:
            messages.warning(request, error.detail)
        else:
            messages.success(request, f"Collected {count} payment{'' if count == 1 else 's'} on the {network.name}.")
    return {network_id: assets for network_id, assets in chosen.items() if not networks[network_id].is_played}


def _prepared(
    request: HttpRequest, access: Access, chosen: _Named, now: datetime
) -> tuple[list[Prepared], list[Network]]:
    """A collection a network, and the networks that cannot be read; where nothing waits any more, that is said."""
    rates, networks = rates_at(mode=access.mode, now=now), all_networks()

    def ask(network: Network) -> list[Prepared]:
        assets = chosen[network.id]
        try:
            return [prepared(merchant=access.merchant, mode=access.mode, network=network, assets=assets, rates=rates)]
        except NothingToCollect as error:
            messages.warning(request, error.detail)
            return []

    return _ask_each([networks[network_id] for network_id in chosen if networks[network_id].has_nodes], ask)


def _ready(access: Access, collection: Prepared, chosen: _Named, told: _Named) -> dict[str, Any]:
    """A collection as it is shown."""
    network_id = collection.plan.network.id
    return {
        "collection": collection,
        "safe": _signed_at(access, pile=_names({network_id: chosen[network_id]}), **{"as": "safe"}),
        "told_tx": "".join(told.get(network_id, [])),
    }


def _safe_download(plan: Plan, now: datetime) -> HttpResponse:
    answer = JsonResponse(safe_file(plan, now=now), json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="collect-{plan.network.id}-{now:%Y-%m-%d}.json"'
    return answer


def _ask_each(networks: Sequence[Network], ask: Callable[[Network], list[T]]) -> tuple[list[T], list[Network]]:
    """What the networks answer, and those that do not: each has an equal part of the time that is left for all."""
    answers: list[T] = []
    silent = []
    ends_at = time.monotonic() + NETWORKS_SECONDS
    for place, network in enumerate(networks):
        try:
            with deadline((ends_at - time.monotonic()) / (len(networks) - place)):
                answers += ask(network)
        except (ReaderUnavailable, WrongChain):
            silent.append(network)
    return answers, silent


def _network(access: Access, network_id: str) -> Network:
    network = all_networks().get(network_id)
    if network is None or network.mode != access.mode:
        raise Http404("There is no such network.")
    return network


def _piles_now(access: Access, rates: Rates) -> tuple[list[Pile], list[Network]]:
    """What waits, and the networks that cannot be asked for their fees."""
    merchant, mode = access.merchant, access.mode
    waiting = groupby(collecting.balances(merchant, mode), key=lambda balance: balance.network.id)
    balances = {network_id: list(group) for network_id, group in waiting}
    found, silent = _ask_each(
        [group[0].network for group in balances.values()],
        lambda network: piles(balances[network.id], merchant=merchant, mode=mode, rates=rates),
    )
    for network in silent:
        found += piles_of_unknown_fee(balances[network.id], merchant=merchant, rates=rates)
    return found, silent


def _collected_before(access: Access, now: datetime) -> list[dict[str, Any]]:
    """The newest first."""
    since = now - timedelta(days=_SHOWN_DAYS)
    rows = last_collected(book_lines(access.merchant, access.mode), since=since, most=_MOST_SHOWN)
    fee, currency, is_booked = (
        fee_booked(name, "tx_hash", access.merchant, access.mode)
        for name in ("reporting_value", "reporting_currency", "id")
    )
    told = rows.annotate(fee=fee, fee_currency=currency, fee_line=is_booked)
    newest = told.annotate(fee_asked=fee_asked(access.merchant, access.mode))
    networks = all_networks()
    return [
        row | {"is_fee_anothers": _is_fee_anothers(row, networks.get(row["network"]))}
        for row in newest.order_by("-happened", "tx_hash", "place")[:_MOST_SHOWN]
    ]


def _is_fee_anothers(row: dict[str, Any], network: Network | None) -> bool:
    """Whether a network took one, and not from the business as far as is known."""
    return network is not None and network.has_nodes and not row["fee_asked"] and row["fee_line"] is None
