"""Dashboard pages of collecting: what waits, and the transaction for the merchant's own wallet."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

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
from sessions_app.collecting.collecting import NothingToCollect
from sessions_app.collecting.piles import Pile, piles, piles_of_unknown_fee
from sessions_app.collecting.prepared import Prepared, prepared
from sessions_app.collecting.safe import safe_file
from sessions_app.dashboard.letters import save_letters
from sessions_app.errors import NetworkUnavailable

# The days and the number of collections that the page shows; the books have them all.
_SHOWN_DAYS, _MOST_SHOWN = 92, 10


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
    chosen, now = _chosen(access, request), timezone.now()
    if not chosen:
        messages.error(request, "Choose what to collect: tick one asset at least.")
        return redirect("dashboard:collect", at=access.at)
    if request.method == "POST":
        for network_id in [each for each in chosen if all_networks()[each].is_played]:
            _play(request, access, all_networks()[network_id], chosen.pop(network_id), now)
        return _to_sign(access, [name for network_id, assets in chosen.items() for name in _names(network_id, assets)])
    found, silent = _prepared(request, access, chosen, now)
    if request.GET.get("as") == "safe" and len(found) == 1:
        plan = found[0].plan
        answer = JsonResponse(safe_file(plan, now=now), json_dumps_params={"indent": 2})
        answer["Content-Disposition"] = f'attachment; filename="collect-{plan.network.id}-{now:%Y-%m-%d}.json"'
        return answer
    if not found and not silent:
        messages.warning(request, "Nothing is left to sign for.")
        return redirect("dashboard:collect", at=access.at)
    names = {network_id: _names(network_id, assets) for network_id, assets in chosen.items()}
    ready = [
        {
            "collection": each,
            "safe": f"{_signed_at(access, names[each.plan.network.id])}&as=safe",
            "others": [name for other, its in names.items() if other != each.plan.network.id for name in its],
        }
        for each in found
    ]
    currency = access.merchant.reporting_currency
    return page(request, access, "collect_send.html", ready=ready, silent=silent, currency=currency)


@for_members(see=None, change=Power.COLLECT)
def sent(request: HttpRequest, access: Access, network_id: str) -> HttpResponse:
    """Looks at the transaction that the merchant's wallet sent, and marks what it collected; then on to the others."""
    network = _network(access, network_id)
    form = TransactionForm(request.POST)
    if not form.is_valid():
        raise DomainError(" ".join(map(str, form.errors["tx_hash"])), attr="tx_hash")
    try:
        count = collecting.see_collection(
            merchant=access.merchant,
            mode=access.mode,
            network=network,
            tx_hash=form.cleaned_data["tx_hash"],
            by=access.actor,
        )
    except (ReaderUnavailable, WrongChain) as error:
        raise NetworkUnavailable(f"{network.name} cannot be read just now. Try again in a minute.") from error
    messages.success(request, f"Seen on {network.name}: {count} payment{'' if count == 1 else 's'} collected.")
    return _to_sign(access, request.POST.getlist("pile"))


def _to_sign(access: Access, names: Sequence[str]) -> HttpResponse:
    """To the page where these piles are signed for; to the list where there are none."""
    if not names:
        return redirect("dashboard:collect", at=access.at)
    return redirect(_signed_at(access, names))


def _signed_at(access: Access, names: Sequence[str]) -> str:
    """Where these piles are signed for."""
    return f"{reverse('dashboard:collect-prepare', args=[access.at])}?{urlencode({'pile': names}, doseq=True)}"


def _names(network_id: str, assets: Sequence[str]) -> list[str]:
    """How forms and addresses name these piles."""
    return [f"{network_id}:{asset}" for asset in assets]


def _chosen(access: Access, request: HttpRequest) -> dict[str, list[str]]:
    """The piles that the request names: assets by network. Raises Http404 for a network that is not of this mode."""
    chosen: dict[str, list[str]] = {}
    for name in (request.POST if request.method == "POST" else request.GET).getlist("pile"):
        network_id, _, asset = name.partition(":")
        chosen.setdefault(_network(access, network_id).id, []).append(asset)
    return chosen


def _play(request: HttpRequest, access: Access, network: Network, assets: Sequence[str], now: datetime) -> None:
    count = collecting.play_collection(
        merchant=access.merchant, mode=access.mode, network=network, by=access.actor, now=now, assets=assets
    )
    messages.success(request, f"Collected {count} payment{'' if count == 1 else 's'} on the {network.name}.")


def _prepared(
    request: HttpRequest, access: Access, chosen: Mapping[str, Sequence[str]], now: datetime
) -> tuple[list[Prepared], list[Network]]:
    """A collection a network, and the networks that cannot be read; where nothing waits any more, that is said."""
    found: list[Prepared] = []
    silent = []
    rates, networks = rates_at(mode=access.mode, now=now), all_networks()
    for network in (networks[network_id] for network_id in chosen if networks[network_id].has_nodes):
        assets = chosen[network.id]
        try:
            found.append(
                prepared(merchant=access.merchant, mode=access.mode, network=network, assets=assets, rates=rates)
            )
        except (ReaderUnavailable, WrongChain):
            silent.append(network)
        except NothingToCollect as error:
            messages.warning(request, error.detail)
    return found, silent


def _network(access: Access, network_id: str) -> Network:
    network = all_networks().get(network_id)
    if network is None or network.mode != access.mode:
        raise Http404("There is no such network.")
    return network


def _piles_now(access: Access, rates: Rates) -> tuple[list[Pile], list[Network]]:
    """What waits, and the networks that cannot be asked for their fees."""
    found: list[Pile] = []
    silent = []
    waiting = groupby(collecting.balances(access.merchant, access.mode), key=lambda balance: balance.network)
    for network, group in waiting:
        of_network = list(group)
        try:
            found += piles(of_network, merchant=access.merchant, mode=access.mode, rates=rates)
        except (ReaderUnavailable, WrongChain):
            found += piles_of_unknown_fee(of_network, merchant=access.merchant, rates=rates)
            silent.append(network)
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
