"""What a session can be paid with, and the quote: the amount due of one option at a rate locked for a while."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from django.db import IntegrityError, transaction

from chains_app.networks.networks import Network, PaymentOption, all_networks, payment_options
from chains_app.rates.exchange_rates import Rate, Rates, RateUnavailable, rate, rates_at
from chains_app.reading.attention import wake
from chains_app.reading.health import not_offered, unread_networks
from chains_app.receiving.deposits import deposit_address
from chains_app.receiving.xpub import xpub_address
from common.measures.counted import Stage, reached_on_commit
from common.modes import Mode
from common.money import units_due
from merchants_app.models import TreasuryKind, is_off
from merchants_app.treasuries.treasuries import take_next_index
from sessions_app.errors import NetworkUnavailable, NoTreasury, OptionUnavailable, SessionNotOpen, ShopPaused
from sessions_app.models import CheckoutSession, DepositAddress, Quote
from sessions_app.orders.stock import hold_piece
from sessions_app.paying import why_not
from sessions_app.paying.used_deposits import take_used_deposit
from sessions_app.state.conflicts import about
from sessions_app.state.representation import value_still_due
from sessions_app.status import Status, is_live


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedOption:
    """One way to pay, with what it would cost now; `unavailable` says why it cannot be had, empty when it can."""

    option: PaymentOption
    amount_units: int | None
    rate: Decimal | None
    unavailable: str = ""


def allowed_options(session: CheckoutSession) -> list[PaymentOption]:
    """`allowedAssets` (empty: all) × the enabled networks of the mode, less what its business has switched off.

    Switching off holds at once: what a session took when it was made still counts, but nobody is asked for it any more.
    """
    off = session.merchant.ways_off
    return [
        option
        for option in payment_options(Mode(session.mode))
        if session.takes(asset=option.asset.symbol, network=option.network.id)
        and not is_off(off, asset=option.asset.symbol, network=option.network.id)
    ]


def is_offered(session: CheckoutSession, quote: Quote, now: datetime) -> bool:
    """Whether another quote of this option could be had: neither its business nor an operator has ended it since."""
    is_switched_off = is_off(session.merchant.ways_off, asset=quote.asset, network=quote.network)
    return not is_switched_off and quote.network not in not_offered(now)


def options_for(session: CheckoutSession, now: datetime) -> list[OfferedOption]:
    """Every option of the session with the amount it would take now."""
    return offers(
        allowed_options(session),
        mode=session.mode,
        price=session.amount,
        rest=value_still_due(session),
        currency=session.currency,
        spread_percent=session.spread_percent,
        now=now,
    )


def offers(
    options: Iterable[PaymentOption],
    *,
    mode: str,
    price: Decimal,
    rest: Decimal,
    currency: str,
    spread_percent: Decimal,
    now: datetime,
) -> list[OfferedOption]:
    """What `rest`, still to be paid of `price`, comes to by each option. One look at the rates, whatever their number.

    Whether an option can be had depends on the price: the rest of one that was begun to be paid is always taken.
    """
    book, closed = rates_at(mode=mode, now=now), not_offered(now)
    rates: dict[str, Rate | RateUnavailable] = {}
    offered = []
    for option in options:
        symbol = option.asset.symbol
        if (why := closed.get(option.network.id)) is not None:
            away = why_not.offered(option.network, why)
            offered.append(OfferedOption(option=option, amount_units=None, rate=None, unavailable=away))
            continue
        if symbol not in rates:
            rates[symbol] = _rate_or_reason(book, symbol, currency)
        found = rates[symbol]
        if isinstance(found, RateUnavailable):
            unpriced = why_not.priced(symbol, currency, found)
            offered.append(OfferedOption(option=option, amount_units=None, rate=None, unavailable=unpriced))
            continue
        locked = lock_rate(found.value, spread_percent)
        offered.append(
            OfferedOption(
                option=option,
                amount_units=_units(rest, locked, option) if rest > 0 else 0,
                rate=locked,
                unavailable=why_not.outside_limits(option, price / locked),
            )
        )
    return offered


def choose_option(*, session: CheckoutSession, asset: str, network: str, now: datetime) -> Quote:
    """Makes the session payable with this asset on this network: an address (once) and a quote, which is then in force.

    While a quote for the same option holds, its rate is kept: reloading the page is no way to wait for a better one.
    A session of a payment link takes a piece of its stock with it, and the price holds no longer than the piece.
    Raises `SessionNotOpen`, `OptionUnavailable`, `NetworkUnavailable`, `NoTreasury`, `LinkClosed` when nothing is left,
    or `ShopPaused` while the shop is suspended.
    """
    if session.status != Status.OPEN or session.expires_at <= now:
        raise SessionNotOpen(
            f"The session is {session.status}: there is nothing to pay any more.", about=about(session)
        )
    if session.order_paid_by:
        raise SessionNotOpen(
            f"The order was paid by {session.order_paid_by}: there is nothing to pay any more.", about=about(session)
        )
    if session.merchant.suspended_at:
        raise ShopPaused(why_not.paused())
    option = _option(session, asset, network)
    check_offered(option.network, now)
    held = _still_holding(session, option, now)
    quote = _at_its_price(held, session, option, now) if held else _new_quote(session, option, now)
    with transaction.atomic():
        held_until = hold_piece(session, now)
        _address_of(session, option.network, now)
        if held_until and held_until < quote.valid_until:
            if quote.pk:  # it stays as it was promised
                quote = _quote(session, option, quote.rate, quote.provenance, now)
            quote.valid_until = held_until
        if quote.pk is None:
            quote.save(force_insert=True)
        # A guarded update, no lock: a session that ended meanwhile keeps its quote of before.
        if not CheckoutSession.objects.filter(pk=session.pk, status=Status.OPEN).update(quote=quote, updated_at=now):
            raise SessionNotOpen("The session has ended or is paid by now: there is nothing to pay any more.")
        if session.quote_id is None:
            waited = now - (session.opened_at or session.created_at)
            reached_on_commit(Stage.QUOTED, mode=session.mode, network=option.network.id, after=waited)
    wake(option.network.id)
    session.quote = quote
    return quote


def promise(session: CheckoutSession, option: PaymentOption, now: datetime) -> Quote:
    """A quote of the option that holds, without putting it in force: whoever picks it in time has its rate.

    Raises `OptionUnavailable`.
    """
    held = _still_holding(session, option, now)
    quote = _at_its_price(held, session, option, now) if held else _new_quote(session, option, now)
    if quote.pk is None:
        # A piece of a link's stock is held for as long as the quote in force.
        if session.payment_link_id and session.quote and session.quote.valid_until > now:
            quote.valid_until = min(quote.valid_until, session.quote.valid_until)
        quote.save(force_insert=True)
    return quote


def check_offered(network: Network, now: datetime) -> None:
    """Raises `NetworkUnavailable` where nothing new is to be paid on the network at the moment."""
    if (why := not_offered(now).get(network.id)) is not None:
        raise NetworkUnavailable(why_not.offered(network, why), attr="network")


def unseen_network(session: CheckoutSession, now: datetime) -> Network | None:
    """The network that the session is being paid on, if it cannot be read; None when it can, or nothing is awaited."""
    if session.quote is None or not is_live(session.status):
        return None
    # Most pages ask in vain, every two seconds: an open session stands still as soon as its network is away.
    is_asking = session.status != Status.OPEN or session.stands_still_since is not None
    if not is_asking or session.quote.network not in unread_networks(now):
        return None
    return all_networks().get(session.quote.network)


def lock_rate(market: Decimal, spread_percent: Decimal) -> Decimal:
    """The rate of a quote: what one asset counts for, the merchant's spread taken off. To 18 decimals."""
    with localcontext(prec=60):
        return (market / (1 + spread_percent / 100)).quantize(Decimal(1).scaleb(-18))


def _option(session: CheckoutSession, asset: str, network: str) -> PaymentOption:
    options = allowed_options(session)
    of_asset = [option for option in options if option.asset.symbol == asset]
    if not of_asset:
        raise OptionUnavailable(why_not.other_assets(asset, {option.asset.symbol for option in options}), attr="asset")
    for option in of_asset:
        if option.network.id == network:
            return option
    taken = [option.network.id for option in of_asset]
    raise OptionUnavailable(why_not.other_networks(asset, network, taken), attr="network")


def _still_holding(session: CheckoutSession, option: PaymentOption, now: datetime) -> Quote | None:
    return (
        Quote.objects.filter(session=session, asset=option.asset.symbol, network=option.network.id, valid_until__gt=now)
        .order_by("-id")
        .first()
    )


def _at_its_price(held: Quote, session: CheckoutSession, option: PaymentOption, now: datetime) -> Quote:
    """The same; of a session that this one supersedes, the rate that was promised at the price of this one."""
    if held.amount_units == _units(session.amount, held.rate, option):
        return held
    quote = _quote(session, option, held.rate, held.provenance, now)
    quote.valid_until = held.valid_until
    return quote


def _new_quote(session: CheckoutSession, option: PaymentOption, now: datetime) -> Quote:
    try:
        found = rate(option.asset.symbol, session.currency, mode=Mode(session.mode), now=now)
    except RateUnavailable as reason:
        unpriced = why_not.priced(option.asset.symbol, session.currency, reason)
        raise OptionUnavailable(unpriced, attr="asset") from None
    provenance = found.provenance | {"spreadPercent": str(session.spread_percent)}
    return _quote(session, option, lock_rate(found.value, session.spread_percent), provenance, now)


def _quote(
    session: CheckoutSession, option: PaymentOption, at_rate: Decimal, provenance: dict[str, Any], now: datetime
) -> Quote:
    if refusal := why_not.outside_limits(option, session.amount / at_rate):
        raise OptionUnavailable(refusal, attr="asset")
    return Quote(
        session=session,
        asset=option.asset.symbol,
        network=option.network.id,
        decimals=option.asset.decimals,
        amount_units=_units(session.amount, at_rate, option),
        rate=at_rate,
        provenance=provenance,
        created_at=now,
        valid_until=now + timedelta(minutes=session.quote_minutes),
    )


def _address_of(session: CheckoutSession, network: Network, now: datetime) -> DepositAddress:
    """The session's address, made at its first quote. Written before it is shown: no transfer precedes the row."""
    known = DepositAddress.objects.filter(session=session).first()
    if known:
        return known
    treasury = session.treasury
    if treasury is None:
        raise NoTreasury("The merchant has named no wallet to receive in.")
    if session.merchant.reuse_after_days is not None and (used := _used_deposit(session, network, now)):
        return used
    index = take_next_index(treasury) if treasury.kind == TreasuryKind.XPUB else None
    address = (
        deposit_address(session_id=session.public_id, treasury=treasury.address)
        if index is None
        else xpub_address(xpub=treasury.xpub, index=index)
    )
    made, _ = DepositAddress.objects.get_or_create(
        session=session,
        defaults={
            "address": address,
            "derivation_index": index,
            "watch_until": session.watch_until,
            "created_at": now,
        },
    )
    return made


def _used_deposit(session: CheckoutSession, network: Network, now: datetime) -> DepositAddress | None:
    try:
        with transaction.atomic():
            return take_used_deposit(session, network, now)
    except IntegrityError:  # asked for twice at once: the other has given it an address, and the contract is free again
        return DepositAddress.objects.get(session=session)


def _rate_or_reason(book: Rates, symbol: str, currency: str) -> Rate | RateUnavailable:
    try:
        return book.rate(symbol, currency)
    except RateUnavailable as reason:
        return reason


def _units(price: Decimal, at_rate: Decimal, option: PaymentOption) -> int:
    return units_due(price, at_rate, decimals=option.asset.decimals, display_decimals=option.asset.display_decimals)
