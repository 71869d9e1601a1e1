"""What is to be sent: how much, of what, where, until when, and how a wallet reads it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from chains_app.calls.gas import plain_transfer_gas
from chains_app.networks.networks import Network, PaymentOption
from chains_app.networks.payment_uris import payment_uri
from common.money import plain, to_minor_unit
from common.network.public_addresses import OWN_MACHINE
from merchants_app.businesses.walletconnect import relay_of
from sessions_app.models import CheckoutSession, Quote
from sessions_app.paying.quoting import allowed_options
from sessions_app.paying.used_deposits import is_deployed
from sessions_app.paying.why_not import outside_limits
from sessions_app.reading.amounts import address_groups, asset_text, money_text
from sessions_app.reading.named import any_of
from sessions_app.sentences import Sentence
from sessions_app.shown.fees import Fees, fee_text
from sessions_app.shown.links import WalletApp, apps_for
from sessions_app.shown.marks import asset_mark, network_mark
from sessions_app.shown.offers import arrives_text
from sessions_app.signing.asked import can_be_signed
from sessions_app.state.representation import page_url, payable_option, received_value, units_still_due

# A node's estimate is a few percent above what is used.
_USUAL_GAS = 22_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletRequest:
    """What the page's script needs to ask a browser wallet for the payment. Units are whole numbers as text."""

    chain_id: int
    network_name: str
    asset: str
    contract: str  # empty: the network's own coin
    recipient: str
    units: str
    coin: str  # what the network's fee is paid in
    gas: str  # to allow for it; empty: as the wallet suggests
    explorer: str
    coin_name: str
    public_rpc: str  # nodes, between spaces, with which a wallet adds a network that it does not know; may be empty
    paymaster: str  # pays the fee for smart wallets; empty without one
    can_be_signed: bool  # somebody brings it to the chain, so that the buyer need not
    apps: tuple[WalletApp, ...]
    project_id: str  # of WalletConnect; empty: no wallet is reached that way
    relay: str  # which it is reached over


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The payment that is asked for."""

    asset: str
    asset_mark: str
    network: str
    network_mark: str
    fee: Sentence  # empty where it is not known
    arrives: str
    is_real_chain: bool
    is_token: bool  # with a contract of its own, which naive wallets take for the recipient of a request code
    amount: str  # as one types it into a wallet
    units: int
    address: str
    address_groups: list[str]
    uri: str
    rate: str  # '1 ETH = 3,021.55 USD'; empty where one is the other
    is_fixed_rate: bool  # the test table, no market
    transfer_gas: int  # of a first transfer to an address; 0 where it is the 21,000 that everybody expects
    is_contract: bool  # the coin goes to a contract that is there, which takes more than 21,000 gas
    also_on: Sentence  # the other networks that the same asset is taken on, at the same address: 'Ethereum or Base'

    arrived_text: str  # in the session's currency; empty while nothing has arrived
    arrived: str  # the same and the price as plain numbers, for a bar
    price: str

    holds_until: datetime  # the amount, or the time to pay where that ends first
    wallet: WalletRequest | None


def due_of(session: CheckoutSession, *, fees: Fees, closed: Collection[str] = ()) -> Due | None:
    """What the session's quote in force asks for; None without one, when nothing is due, or its network is off.

    `closed` are the networks that buyers are not sent to at the moment.
    """
    quote = session.quote
    option = payable_option(quote) if quote else None
    units = units_still_due(session, quote) if quote else 0
    if quote is None or option is None or not units:
        return None
    network, asset, address = option.network, option.asset, session.deposit.address
    arrived = to_minor_unit(received_value(session), session.currency)
    is_contract = asset.is_native and network.has_nodes and is_deployed(session.deposit, network.id)
    gas = 0 if is_contract else _unusual_gas(option)
    return Due(
        asset=asset.symbol,
        asset_mark=asset_mark(asset.symbol),
        network=network.name,
        network_mark=network_mark(network.id),
        fee=fee_text(fees.get((network.id, asset.symbol)), session.currency),
        arrives=arrives_text(network),
        is_real_chain=network.has_nodes,
        is_token=not asset.is_native,
        amount=asset_text(units, quote.decimals, asset),
        units=units,
        address=address,
        address_groups=address_groups(address),
        uri=_uri(option, address, units),
        rate="" if asset.peg == session.currency and quote.rate == 1 else _rate_text(quote, session.currency),
        is_fixed_rate=session.mode == "test",
        transfer_gas=gas,
        is_contract=is_contract,
        also_on=_also_on(session, quote, option, closed),
        arrived=plain(arrived),
        price=plain(session.amount),
        arrived_text=money_text(arrived, session.currency) if arrived else "",
        holds_until=min(quote.valid_until, session.expires_at),
        wallet=_wallet_request(option, address, units, gas=gas, session=session),
    )


def amount_of(quote: Quote) -> str:
    """What a quote asked for, in force or not: '0.0196 ETH'."""
    option = payable_option(quote)
    return f"{asset_text(quote.amount_units, quote.decimals, option.asset if option else None)} {quote.asset}"


def sent_text(session: CheckoutSession, quote: Quote) -> str:
    """What is sent for a quote: of that in force what is still due, of another what it asked for."""
    due = due_of(session, fees={}) if quote == session.quote else None
    return f"{due.amount} {due.asset}" if due else amount_of(quote)


def _rate_text(quote: Quote, currency: str) -> str:
    """'1 USDC = 1 USD', '1 ETH = 3,021.55 USD': at least the cents, more digits where the price is small."""
    if quote.rate >= 10:
        return f"1 {quote.asset} = {money_text(quote.rate, currency)} {currency}"
    return f"1 {quote.asset} = {plain(round(quote.rate, 6))} {currency}"


def _also_on(session: CheckoutSession, quote: Quote, chosen: PaymentOption, closed: Collection[str]) -> Sentence:
    if not chosen.network.has_nodes:
        return Sentence()
    price = quote.amount_units.scaleb(-quote.decimals)
    options = allowed_options(session)
    return any_of(
        option.network.name
        for option in options
        if option.asset.symbol == chosen.asset.symbol
        and option.network.has_nodes
        and option.network.id not in {chosen.network.id, *closed}
        and not outside_limits(option, price)
    )


def _uri(option: PaymentOption, address: str, units: int) -> str:
    """Empty where no wallet could follow it."""
    if option.network.chain_id is None:
        return ""
    return payment_uri(option=option, address=address, units=units)


def _wallet_request(
    option: PaymentOption, address: str, units: int, *, gas: int, session: CheckoutSession
) -> WalletRequest | None:
    network: Network = option.network
    relay = relay_of(session.merchant)
    if network.chain_id is None:
        return None
    return WalletRequest(
        chain_id=network.chain_id,
        network_name=network.name,
        asset=option.asset.symbol,
        contract=option.asset.contract or "",
        recipient=address,
        units=str(units),
        coin=network.native.symbol if network.native else "ETH",
        gas=str(gas * 12 // 10) if gas else "",
        explorer=network.explorer or "",
        coin_name=network.native.name if network.native else "Ether",
        public_rpc=_public_rpc(network),
        paymaster=network.paymaster or "",
        can_be_signed=can_be_signed(option),
        apps=apps_for(page_url(session)),
        project_id=session.merchant.walletconnect_project_id if relay else "",
        relay=relay,
    )


def _unusual_gas(option: PaymentOption) -> int:
    """Some networks and forks take more for a coin's transfer than the 21,000 that wallets and exchanges count on."""
    if not option.asset.is_native or not option.network.has_nodes:
        return 0
    gas = plain_transfer_gas(option.network)
    return gas if gas > _USUAL_GAS else 0


def _public_rpc(network: Network) -> str:
    """Those that the networks file has for everybody; else a node on this very machine (development).

    Any other of ours may hold a provider's key: never shown to a buyer.
    """
    if network.public_rpc_urls:
        return " ".join(network.public_rpc_urls)
    for url in network.rpc_urls:
        parts = urlsplit(url)
        if parts.hostname in OWN_MACHINE and not parts.username and not parts.query:
            return url
    return ""
