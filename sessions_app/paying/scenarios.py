"""What a buyer can be made to do in test mode. Only the buyer is played: the rest is the code that live money takes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import models

from chains_app.networks.networks import Asset, network
from chains_app.rates.exchange_rates import rate
from chains_app.sandbox.chain import send
from common.modes import Mode
from common.money import units_due
from sessions_app.errors import OptionUnavailable, SessionNotOpen, TestModeOnly
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import allowed_options, choose_option, lock_rate
from sessions_app.paying.valuation import Valuer
from sessions_app.state.conflicts import about, not_open
from sessions_app.state.lifecycle import expire
from sessions_app.state.representation import value_still_due
from sessions_app.status import Status

SANDBOX = "sandbox"
# A token of the play chain that no list has, whatever it calls itself.
UNLISTED_CONTRACT = "0x000000000000000000000000000000000000bAD0"
WHOLE = Decimal(1)
AT_ONCE = timedelta(0)


class Scenario(models.TextChoices):
    """What the buyer does."""

    EXACT = "exact", "Pay exactly"
    SHORT = "short", "Pay 90 %"
    REST = "rest", "Pay the rest"
    OVER = "over", "Pay 150 %"
    LATE = "late", "Pay after the end"
    LATE_SHORT = "late_short", "Pay 90 % after the end"
    TWICE = "twice", "Pay twice"
    WRONG_ASSET = "wrong_asset", "Pay in a wrong asset"
    UNLISTED_TOKEN = "unlisted_token", "Pay in an unknown token"
    DROPPED = "dropped", "Pay, dropped before it confirms"
    REORGED = "reorged", "Pay, undone after completion"
    STUCK = "stuck", "Pay, never confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Play:
    """How a scenario moves on the chain. Times count from now."""

    share: Decimal | None = None  # of the price; None: what is missing of it, or the price when nothing is
    ends_session: bool = False
    mined: bool = True
    gone_after: timedelta | None = None  # for each confirmation beyond the first, a block more
    again_after: timedelta | None = None  # a second time, unless it is completed already


_BLOCK = timedelta(seconds=1)
# Seen waiting, seen in its block, seen confirmed: three looks of the watcher at most, one a second, and a little.
_AFTER_COMPLETION = timedelta(seconds=3.2)
_PLAYS = {
    Scenario.EXACT: _Play(),
    Scenario.SHORT: _Play(share=Decimal("0.9")),
    Scenario.REST: _Play(),
    Scenario.OVER: _Play(share=Decimal("1.5")),
    Scenario.LATE: _Play(share=WHOLE, ends_session=True),
    Scenario.LATE_SHORT: _Play(share=Decimal("0.9"), ends_session=True),
    Scenario.TWICE: _Play(share=WHOLE, again_after=_BLOCK * 1.5),
    Scenario.WRONG_ASSET: _Play(share=WHOLE),
    Scenario.UNLISTED_TOKEN: _Play(share=WHOLE),
    Scenario.DROPPED: _Play(mined=False, gone_after=timedelta(seconds=2)),
    Scenario.REORGED: _Play(gone_after=_AFTER_COMPLETION),
    Scenario.STUCK: _Play(mined=False),
}


def simulate(
    *,
    session: CheckoutSession,
    scenario: str,
    now: datetime,
    asset: str | None = None,
    network: str | None = None,
    actor: str = "",
) -> None:
    """Lets a buyer do that on the sandbox chain. The outcome follows as the watcher sees it, within 5 s.

    An asset is picked first where none was. Raises `TestModeOnly`, `OptionUnavailable`, or `SessionNotOpen` when the
    session ended before an asset was picked: there is no address to pay to.
    """
    if session.mode != Mode.TEST:
        raise TestModeOnly("Scenarios are for test mode: live money cannot be simulated.")
    if network not in {None, SANDBOX}:
        raise OptionUnavailable("Scenarios run on the network 'sandbox'.", attr="network")
    if hasattr(session, "deposit") and session.deposit.passed_on_at:
        raise OptionUnavailable(
            "Its address serves another session by now, which would be paid: play it there.", attr="scenario"
        )
    kind = Scenario(scenario)
    wrong = _asset_outside(session) if kind == Scenario.WRONG_ASSET else None
    paid_in = wrong or _pick(session, asset, now)
    if wrong and not hasattr(session, "deposit"):
        _pick(session, asset, now)  # which gives the session its address
    units = _units(session, paid_in, _PLAYS[kind], now)
    if kind == Scenario.REST and not value_still_due(session):
        raise OptionUnavailable("Nothing is missing: there is no rest to pay.", attr="scenario")
    if _PLAYS[kind].ends_session and session.status == Status.OPEN:
        expire(session, actor=actor or "simulation", now=now)
    _play(session, kind, paid_in, units, now)


def _pick(session: CheckoutSession, asset: str | None, now: datetime) -> Asset:
    """The asset that is paid in; its quote is made where there is none."""
    assets = network(SANDBOX).assets
    if asset and asset not in assets:
        raise OptionUnavailable(f"The sandbox has {', '.join(assets)}, no {asset!r}.", attr="asset")
    if session.quote is None and session.status != Status.OPEN:
        if session.superseded_by:
            raise not_open(session)
        raise SessionNotOpen(
            "The session ended before an asset was picked: it has no address to pay to.", about=about(session)
        )
    quote = session.quote
    picked = quote.asset if quote and quote.asset in assets else _first_symbol(session)
    if quote is None or (asset and asset != quote.asset and session.status == Status.OPEN):
        choose_option(session=session, asset=asset or picked, network=SANDBOX, now=now)
    return assets[asset or picked]


def _first_symbol(session: CheckoutSession) -> str:
    options = allowed_options(session)
    for option in options:
        if option.network.id == SANDBOX:
            return option.asset.symbol
    raise OptionUnavailable("The sandbox has none of the assets that this session allows.", attr="asset")


def _asset_outside(session: CheckoutSession) -> Asset:
    """A listed asset that the session does not allow."""
    for asset in network(SANDBOX).assets.values():
        if not session.takes(asset=asset.symbol, network=SANDBOX):
            return asset
    raise OptionUnavailable(
        "This session allows every asset of the sandbox, so none is wrong: create one with fewer allowedAssets.",
        attr="scenario",
    )


def _units(session: CheckoutSession, asset: Asset, play: _Play, now: datetime) -> int:
    quote = session.quote
    is_quoted = quote is not None and quote.asset == asset.symbol
    at = quote.rate if quote is not None and is_quoted else _market_rate(session, asset, now)
    value = session.amount * play.share if play.share else value_still_due(session) or session.amount
    return units_due(value, at, decimals=asset.decimals, display_decimals=asset.display_decimals)


def _market_rate(session: CheckoutSession, asset: Asset, now: datetime) -> Decimal:
    market = rate(asset.symbol, session.currency, mode=Mode.TEST, now=now).value
    return lock_rate(market, session.spread_percent)


def _play(session: CheckoutSession, kind: Scenario, asset: Asset, units: int, now: datetime) -> None:
    play = _PLAYS[kind]
    contract = UNLISTED_CONTRACT if kind == Scenario.UNLISTED_TOKEN else asset.contract
    already_paid = session.status == Status.COMPLETED
    more = _confirmations(session, asset, now) - 1 if play.mined else 0
    delays = [AT_ONCE] if play.again_after is None or already_paid else [AT_ONCE, play.again_after]
    for delay in delays:
        send(
            recipient=session.deposit.address,
            contract=contract,
            amount_units=units,
            now=now + delay,
            mined_after=AT_ONCE if play.mined else None,
            gone_after=play.gone_after and play.gone_after + more * _BLOCK,
            lane=session.merchant.public_id,
        )


def _confirmations(session: CheckoutSession, asset: Asset, now: datetime) -> int:
    """That paying the price takes."""
    valuer = Valuer((session,))
    return valuer.confirmations_needed(session, None, asset=asset.symbol, network=network(SANDBOX), at=now)
