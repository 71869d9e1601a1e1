"""What an asset costs in a currency, and on whose word. Test mode: a fixed table. Live: what the sources agree on.

docs/rates.md tells the rules; `rules` decides, `snapshots` remembers, `asking` asks.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any, Protocol

from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from chains_app.networks.networks import all_networks, enabled_networks
from chains_app.rates.fixed import fixed_rate
from chains_app.rates.rules import MAX_AGE, NoPrice, Price, Rule, keeps_peg
from chains_app.rates.snapshots import Snapshot, forget_old_snapshots, snapshot_before, snapshots_after, take_snapshot
from common.errors import Conflict
from common.modes import Mode
from common.money import CURRENCIES, plain

# A buyer waits at most this long for the sources; the refresh in the background is more patient.
BUYER_WAITS_SECONDS = 2.8
BACKGROUND_SECONDS = 10.0
# Older than this, the background refresh has stopped, and a request that finds no rate asks by itself.
REFRESH_IS_LATE = timedelta(seconds=90)
# One process asks for all of them; the others look for what it found.
_CLAIM = "rates:asking"
_CLAIM_SECONDS = 5
_LOOK_AGAIN_SECONDS = 0.25

_DECIMALS = Decimal(1).scaleb(-18)
_TOO_LARGE = Decimal(10**15)


class RateUnavailable(Conflict):
    """No price that could be trusted is to be had for the asset; the sentence is for the buyer's page."""

    code = "rate_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Price of one whole asset in the currency, before any spread, to 18 decimals."""

    value: Decimal
    provenance: dict[
        str, Any
    ]  # JSON-able: the rule that chose, the sources with values and ages, how far apart they are
    as_of: datetime  # of the oldest source used


class Rates(Protocol):
    """The rates of a moment: ask it for many at the price of one look into the cache."""

    def rate(self, asset: str, currency: str) -> Rate:
        """Raises RateUnavailable."""


def rate(asset: str, currency: str, *, mode: Mode | str, now: datetime) -> Rate:
    """The rate at a moment: the present, or the time of a block. Raises RateUnavailable.

    For a moment that is past and has no rate on record, the first rate after it.
    """
    return rates_at(mode=mode, now=now).rate(asset, currency)


def rates_at(*, mode: Mode | str, now: datetime) -> Rates:
    """For pages that show many options: looks into the cache once."""
    if mode == Mode.TEST:
        return _FixedRates(now)
    return _LiveRates(now)


def rate_on_record(asset: str, currency: str, *, mode: Mode | str, at: datetime) -> Rate | None:
    """The rate of a moment, if it is on record: nobody is asked and nothing is guessed, so it may be within a
    transaction."""
    if mode == Mode.TEST:
        return None if fixed_rate(asset, currency) is None else _FixedRates(at).rate(asset, currency)
    if currency not in CURRENCIES:
        return None
    found = _worked_out(asset, currency, snapshot_before(at), now=at)
    return found if isinstance(found, Rate) else None


def ask_if_late(*, mode: Mode | str, now: datetime) -> None:
    """Asks the sources where nobody did for a while: for who then looks up, within a transaction, what is on record."""
    if mode == Mode.LIVE and enabled_networks(Mode.LIVE) and _is_late(snapshot_before(now), now):
        _asked(now=now)


def refresh_rates() -> None:
    """Asks the sources and keeps what they say. Does nothing while no live network is enabled."""
    if enabled_networks(Mode.LIVE):
        now = timezone.now()
        take_snapshot(now=now, seconds=BACKGROUND_SECONDS)
        forget_old_snapshots(now=now)


class _FixedRates:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def rate(self, asset: str, currency: str) -> Rate:
        value = fixed_rate(asset, currency)
        if value is None:
            raise RateUnavailable(f"The fixed rates of test mode do not have {asset} in {currency}.")
        entry = _entry(str(Rule.FIXED), f"{asset}/{currency}", value, self._now, now=self._now, used=True)
        provenance = {
            "rule": str(Rule.FIXED),
            "value": plain(value),
            "marketValue": plain(value),
            "disagreement": "0",
            "sources": [entry],
        }
        return Rate(value=value, provenance=provenance, as_of=self._now)


class _LiveRates:
    def __init__(self, now: datetime) -> None:
        self._now = now
        self._is_past = timezone.now() - now > MAX_AGE
        self._snapshot = snapshot_before(now)

    def rate(self, asset: str, currency: str) -> Rate:
        if currency not in CURRENCIES:
            raise RateUnavailable(f"No source of rates has {currency}.")
        if not enabled_networks(Mode.LIVE):
            raise RateUnavailable("No live network is set up.")
        found = _worked_out(asset, currency, self._snapshot, now=self._now)
        if self._is_past and isinstance(found, NoPrice):
            found = self._first_after(asset, currency) or rate(asset, currency, mode=Mode.LIVE, now=timezone.now())
        elif isinstance(found, NoPrice) and _is_late(self._snapshot, self._now):
            # The moment may be a block's, a little ago: what is asked now is of now.
            present = max(self._now, timezone.now())
            self._snapshot = _asked(now=present) or self._snapshot
            found = _worked_out(asset, currency, self._snapshot, now=present)
        if isinstance(found, NoPrice):
            raise RateUnavailable(f"{asset} cannot be priced in {currency} right now: {found.reason}.")
        return found

    def _first_after(self, asset: str, currency: str) -> Rate | None:
        """Money that came while nobody asked for rates is worth what it was when somebody did again."""
        for snapshot in snapshots_after(self._now):
            found = _worked_out(asset, currency, snapshot, now=snapshot.taken_at)
            if isinstance(found, Rate):
                return found
        return None


def _is_late(newest: Snapshot | None, now: datetime) -> bool:
    return newest is None or now - newest.taken_at > REFRESH_IS_LATE


def _asked(*, now: datetime) -> Snapshot | None:
    """A new snapshot: by asking, or from whoever is asking already. None when that takes too long."""
    try:
        is_ours = cache.add(_CLAIM, 1, _CLAIM_SECONDS)
    except RedisError:
        is_ours = True  # Rates do without Redis; the claim only keeps a crowd from asking at once.
    if is_ours:
        return take_snapshot(now=now, seconds=BUYER_WAITS_SECONDS)
    ends_at = time.monotonic() + BUYER_WAITS_SECONDS
    while time.monotonic() < ends_at:
        time.sleep(_LOOK_AGAIN_SECONDS)
        snapshot = snapshot_before(now)
        if snapshot and now - snapshot.taken_at <= REFRESH_IS_LATE:
            return snapshot
    return None


def _worked_out(asset: str, currency: str, snapshot: Snapshot | None, *, now: datetime) -> Rate | NoPrice:
    """Asset → dollar → currency; a stablecoin counts as one of its own currency while the market nearly agrees."""
    if snapshot is None:
        return NoPrice("no source of rates has answered in the last 5 minutes")
    peg = _pegs().get(asset)
    legs: dict[str, Price] = {}
    for name in (f"{asset}/USD", f"USD/{currency}", f"USD/{peg or 'USD'}"):
        if name != "USD/USD":
            found = snapshot.price(name, now=now)
            if isinstance(found, NoPrice):
                return NoPrice(f"{found.reason} ({name})")
            legs[name] = found

    def dollar_in(code: str) -> Decimal:
        return Decimal(1) if code == "USD" else legs[f"USD/{code}"].value

    with localcontext(prec=60):
        market = legs[f"{asset}/USD"].value * dollar_in(currency)
        # All that is believed has to keep the peg: the middle of two may look better than what one of them sees.
        said = [reading.value for reading in legs[f"{asset}/USD"].used]
        is_pegged = peg is not None and all(keeps_peg(value * dollar_in(peg)) for value in said)
        exact = dollar_in(currency) / dollar_in(peg) if peg and is_pegged else market
        if not 0 < (value := exact.quantize(_DECIMALS)) < _TOO_LARGE:
            return NoPrice("its rate is beyond all measure")
        market = market.quantize(_DECIMALS)
    return Rate(
        value=value,
        provenance=_provenance(value, market, legs, is_pegged=is_pegged, now=now),
        as_of=min(reading.at for price in legs.values() for reading in price.used),
    )


def _provenance(
    value: Decimal, market: Decimal, legs: dict[str, Price], *, is_pegged: bool, now: datetime
) -> dict[str, Any]:
    rules = {price.rule for price in legs.values()}
    rule = Rule.PEG if is_pegged else Rule.ONLY_SOURCE if Rule.ONLY_SOURCE in rules else Rule.MEDIAN
    disagreement = max(price.disagreement for price in legs.values())
    return {
        "rule": str(rule),
        "value": plain(value),
        "marketValue": plain(market),
        "disagreement": plain(disagreement.quantize(Decimal("0.000001"))),
        "sources": [
            _entry(each.source, each.pair, each.value, each.at, now=now, used=each in price.used)
            for price in legs.values()
            for each in (*price.used, *price.ignored)
        ],
    }


def _entry(source: str, pair: str, value: Decimal, at: datetime, *, now: datetime, used: bool) -> dict[str, Any]:
    return {
        "source": source,
        "pair": pair,
        "value": plain(value),
        "fetchedAt": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ageSeconds": max(0, int((now - at).total_seconds())),
        "used": used,
    }


def _pegs() -> dict[str, str]:
    """The currency that each stablecoin of a live network promises to be worth one of."""
    networks = (network for network in all_networks().values() if network.mode == Mode.LIVE)
    return {asset.symbol: asset.peg for network in networks for asset in network.assets.values() if asset.peg}
