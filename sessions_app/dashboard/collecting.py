"""Dashboard pages of collecting: what waits, and the transaction for the merchant's own wallet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from chains_app.calls.chain_calls import collecting_conditions
from chains_app.networks.networks import Network, all_networks
from chains_app.rates.exchange_rates import Rates, rates_at
from chains_app.reading.reader import ReaderUnavailable, WrongChain
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import TransactionForm
from merchants_app.frame.pages import page
from merchants_app.models import WhenToWrite
from merchants_app.people.letters import collect_letters_to, write_about_collecting_to
from sessions_app.books.definitions import book_lines
from sessions_app.books.fees import fee_asked, fee_booked
from sessions_app.books.tables import last_collected
from sessions_app.collecting import collecting
from sessions_app.collecting.piles import Pile, piles, piles_of_unknown_fee
from sessions_app.collecting.safe import safe_file
from sessions_app.dashboard.letters import save_letters
from sessions_app.errors import NetworkUnavailable

# The days and the number of collections that the page shows; the books have them all.
_SHOWN_DAYS, _MOST_SHOWN = 92, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfNetwork:
    network: Network
    piles: Sequence[Pile]
    problem: str


@for_members()
def collect(request: HttpRequest, access: Access) -> HttpResponse:
    """What waits, per network and asset, what collecting it costs, and what was collected lately."""
    now = timezone.now()
    rates = rates_at(mode=access.mode, now=now)
    waiting = groupby(collecting.balances(access.merchant, access.mode), key=lambda balance: balance.network)
    of_networks = [_of_network(access, network, list(balances), rates) for network, balances in waiting]
    worths = [pile.worth for each in of_networks for pile in each.piles if pile.worth is not None]
    return page(
        request,
        access,
        "collect.html",
        networks=of_networks,
        worth=sum(worths, Decimal(0)),
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


@for_members(see=None, change=Power.COLLECT)
def prepare(request: HttpRequest, access: Access, network_id: str) -> HttpResponseBase:
    """The transaction to sign, for a browser wallet, or as a file for a Safe; on the sandbox it is done at once."""
    network, now = _network(access, network_id), timezone.now()
    if network.is_played:
        count = collecting.play_collection(
            merchant=access.merchant, mode=access.mode, network=network, by=access.actor, now=now
        )
        messages.success(request, f"Collected {count} payment{'' if count == 1 else 's'} on the {network.name}.")
        return redirect("dashboard:collect", at=access.at)
    assets = request.POST.getlist("asset")
    if not assets:
        messages.error(request, f"Choose what to collect on {network.name}: tick one asset at least.")
        return redirect("dashboard:collect", at=access.at)
    with _reading(network):
        conditions = collecting_conditions(network)
        plan = collecting.plan(
            merchant=access.merchant, mode=access.mode, network=network, assets=assets, conditions=conditions
        )
    if request.POST.get("as") == "safe":
        answer = JsonResponse(safe_file(plan, now=now), json_dumps_params={"indent": 2})
        answer["Content-Disposition"] = f'attachment; filename="collect-{network.id}-{now:%Y-%m-%d}.json"'
        return answer
    return page(request, access, "collect_send.html", plan=plan, assets=assets, form=TransactionForm())


@for_members(see=None, change=Power.COLLECT)
def sent(request: HttpRequest, access: Access, network_id: str) -> HttpResponse:
    """Looks at the transaction that the merchant's wallet sent, and marks what it collected."""
    network = _network(access, network_id)
    form = TransactionForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["tx_hash"])))
        return redirect("dashboard:collect", at=access.at)
    with _reading(network):
        count = collecting.see_collection(
            merchant=access.merchant,
            mode=access.mode,
            network=network,
            tx_hash=form.cleaned_data["tx_hash"],
            by=access.actor,
        )
    messages.success(request, f"Seen on {network.name}: {count} payment{'' if count == 1 else 's'} collected.")
    return redirect("dashboard:collect", at=access.at)


def _network(access: Access, network_id: str) -> Network:
    network = all_networks().get(network_id)
    if network is None or network.mode != access.mode:
        raise Http404("There is no such network.")
    return network


@contextmanager
def _reading(network: Network) -> Iterator[None]:
    """Within, the network is read; that it cannot be is said in its name."""
    try:
        yield
    except (ReaderUnavailable, WrongChain) as error:
        raise NetworkUnavailable(f"{network.name} cannot be read just now. Try again in a minute.") from error


def _of_network(access: Access, network: Network, balances: list[collecting.Balance], rates: Rates) -> _OfNetwork:
    problem = ""
    try:
        found = piles(balances, merchant=access.merchant, mode=access.mode, rates=rates)
    except (ReaderUnavailable, WrongChain):
        found = piles_of_unknown_fee(balances, merchant=access.merchant, rates=rates)
        problem = f"{network.name} cannot be read just now, so the fee is not known."
    return _OfNetwork(network=network, piles=found, problem=problem)


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
