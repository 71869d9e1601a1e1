"""Dashboard pages of collecting: what waits, and the transaction for the merchant's own wallet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from chains_app.calls.chain_calls import collecting_conditions
from chains_app.networks.networks import Network, all_networks
from chains_app.rates.exchange_rates import Rates, rates_at
from chains_app.reading.reader import ReaderUnavailable, WrongChain
from common.money import to_whole
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import TransactionForm
from merchants_app.frame.pages import page
from sessions_app.collecting import collecting
from sessions_app.collecting.worth import worth_now
from sessions_app.errors import NetworkUnavailable

SHOWN_IN = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ShownBalance:
    balance: collecting.Balance
    gas: int | None
    worth: Decimal | None
    fee: Decimal | None  # in the network's coin, at the present price of gas
    fee_worth: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ShownNetwork:
    network: Network
    balances: Sequence[_ShownBalance]
    problem: str


@for_members()
def collect(request: HttpRequest, access: Access) -> HttpResponse:
    """What waits, per network and asset, with what collecting it costs."""
    rates = rates_at(mode=access.mode, now=timezone.now())
    waiting = groupby(collecting.balances(access.merchant, access.mode), key=lambda balance: balance.network)
    shown = [_shown(access, network, list(balances), rates) for network, balances in waiting]
    return page(request, access, "collect.html", networks=shown, shown_in=SHOWN_IN)


@for_members(see=None, change=Power.COLLECT)
def prepare(request: HttpRequest, access: Access, network_id: str) -> HttpResponse:
    """The transaction to sign, for a browser wallet or to copy into a Safe; on the sandbox it is done at once."""
    network = _network(access, network_id)
    if network.kind == "sandbox":
        count = collecting.play_collection(
            merchant=access.merchant, mode=access.mode, network=network, by=access.actor, now=timezone.now()
        )
        messages.success(request, f"Collected {count} payment{'' if count == 1 else 's'} on the {network.name}.")
        return redirect("dashboard:collect", at=access.at)
    with _reading(network):
        plan = collecting.plan(
            merchant=access.merchant,
            mode=access.mode,
            network=network,
            asset=request.POST.get("asset", ""),
            conditions=collecting_conditions(network),
        )
    return page(request, access, "collect_send.html", plan=plan, form=TransactionForm())


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
            tx_hash=form.cleaned_data["tx_hash"].lower(),
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


def _shown(access: Access, network: Network, balances: list[collecting.Balance], rates: Rates) -> _ShownNetwork:
    price, problem = None, ""
    gas: list[int | None] = [None] * len(balances)
    if network.kind == "evm":
        try:
            conditions = collecting_conditions(network)
            price = conditions.gas_price_wei
            gas = collecting.gas_of(balances, merchant=access.merchant, mode=access.mode, conditions=conditions)
        except (ReaderUnavailable, WrongChain):
            problem = f"{network.name} cannot be read just now, so the fee is not known."
    shown = [_shown_balance(balance, each, price, rates) for balance, each in zip(balances, gas, strict=True)]
    return _ShownNetwork(network=network, balances=shown, problem=problem)


def _shown_balance(
    balance: collecting.Balance, gas: int | None, gas_price_wei: int | None, rates: Rates
) -> _ShownBalance:
    coin = balance.network.native
    fee_units = gas * gas_price_wei if gas is not None and gas_price_wei is not None and coin else None
    return _ShownBalance(
        balance=balance,
        gas=gas,
        worth=worth_now(
            rates, balance.asset.symbol, balance.amount_units, decimals=balance.asset.decimals, currency=SHOWN_IN
        ),
        fee=to_whole(fee_units, coin.decimals) if fee_units is not None and coin else None,
        fee_worth=worth_now(rates, coin.symbol, fee_units, decimals=coin.decimals, currency=SHOWN_IN)
        if fee_units is not None and coin
        else None,
    )
