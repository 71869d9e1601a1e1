"""Whether payments are seen, counted and told: one sentence, and what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chains_app.models import RateSheet, ScanCursor
from chains_app.networks.networks import enabled_networks
from chains_app.rates.rules import MAX_AGE
from common.modes import Mode
from sessions_app.figures.outages import Outage, outages_of
from sessions_app.scope import SessionScope


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Of a business's mode at one moment."""

    outages: Sequence[Outage]
    networks: int
    slowest: str  # the name of the network whose last reading is longest ago
    slowest_seconds: float | None  # None: one was never read
    rates_seconds: float | None  # age of the newest rates; None in test mode, whose rates are fixed
    rates_fresh: bool
    endpoints: int

    @property
    def is_well(self) -> bool:
        """Whether nothing is to be said of payments."""
        return not self.outages and self.rates_fresh and self.slowest_seconds is not None


def running(scope: SessionScope, now: datetime) -> Running:
    """Three small queries, four in live mode."""
    networks = enabled_networks(scope.mode)
    cursors = ScanCursor.objects.filter(network__in=[each.id for each in networks])
    read = dict(cursors.values_list("network", "scanned_at"))
    ages = [(each, _age(read.get(each.id), now)) for each in networks]
    never = next((each for each, age in ages if age is None), None)
    slowest = never or max(ages, key=lambda pair: pair[1] or 0)[0] if ages else None
    rates = None
    if scope.mode == Mode.LIVE:
        newest = RateSheet.objects.order_by("-taken_at").values_list("taken_at", flat=True).first()
        rates = _age(newest, now)
    return Running(
        outages=outages_of(scope, now),
        networks=len(networks),
        slowest=slowest.name if slowest else "",
        slowest_seconds={each.id: age for each, age in ages}[slowest.id] if slowest else None,
        rates_seconds=rates,
        rates_fresh=scope.mode == Mode.TEST or (rates is not None and rates <= MAX_AGE.total_seconds()),
        endpoints=scope.endpoints().filter(disabled_at=None).count(),
    )


def _age(moment: datetime | None, now: datetime) -> float | None:
    return max(0.0, (now - moment).total_seconds()) if moment else None
