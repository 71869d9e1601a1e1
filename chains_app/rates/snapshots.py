"""Keeps what the sources of rates said: a row for each refresh, the newest being the cache that all processes share.

In PostgreSQL, not in Redis: without PostgreSQL nothing works anyway, and an emptied cache would make the gateway forget
which price was right.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pydantic import TypeAdapter

from chains_app.models import RateSheet
from chains_app.rates.asking import ask_all
from chains_app.rates.pairs import pair
from chains_app.rates.rules import CLOCKS_DIFFER, MAX_AGE, Anchor, NoPrice, Price, Reading, anchor_after, judge

# A late payment is priced at its block's time, and a session is watched for 7 days after its end.
KEPT = timedelta(days=8)
# Snapshots that are looked through for the first one that prices a late payment: some two hours of them.
_LOOKED_THROUGH = 240

# How they stand in the row: numbers and times as text, so that no digit is lost.
_READINGS, _ANCHORS = TypeAdapter(tuple[Reading, ...]), TypeAdapter(dict[str, Anchor])

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A row, parsed."""

    taken_at: datetime
    readings: tuple[Reading, ...]
    anchors: dict[str, Anchor]

    def price(self, name: str, *, now: datetime) -> Price | NoPrice:
        """What the pair costs at a moment, by this snapshot."""
        return judge(pair(name), self.readings, anchor=self.anchors.get(name), now=now)


def snapshot_before(moment: datetime) -> Snapshot | None:
    """The newest of the 5 minutes before."""
    rows = RateSheet.objects.filter(taken_at__gt=moment - MAX_AGE, taken_at__lte=moment + CLOCKS_DIFFER)
    row = rows.order_by("-taken_at", "-id").first()
    return _parsed(row) if row else None


def snapshots_after(moment: datetime) -> Iterable[Snapshot]:
    """Those taken in the first hours after it, oldest first."""
    rows = RateSheet.objects.filter(taken_at__gt=moment).order_by("taken_at", "id")
    return map(_parsed, rows[:_LOOKED_THROUGH])


def take_snapshot(*, now: datetime, seconds: float) -> Snapshot:
    """Asks every source, for so many seconds in all, and keeps what they say. Never raises for a source's fault."""
    newest = RateSheet.objects.filter(taken_at__lte=now).order_by("-taken_at", "-id").first()
    last = _parsed(newest) if newest else Snapshot(taken_at=now, readings=(), anchors={})
    anchors = dict(last.anchors)
    reports = ask_all(now=now, seconds=seconds)
    for report in reports:
        if report.problem:
            log.warning("rate_source_problem", source=report.source, problem=report.problem)
    # What a source said before stands until it is 5 minutes old: one slow answer is no outage.
    readings = {(r.source, r.pair): r for r in last.readings if now - r.at <= MAX_AGE}
    readings |= {(r.source, r.pair): r for report in reports for r in report.readings}
    snapshot = Snapshot(taken_at=now, readings=tuple(readings.values()), anchors=anchors)
    for name in {r.pair for r in snapshot.readings}:
        if anchor := anchor_after(anchors.get(name), snapshot.price(name, now=now), now=now):
            anchors[name] = anchor
    _keep(snapshot, {report.source: report.problem for report in reports if report.problem})
    return snapshot


def forget_old_snapshots(*, now: datetime) -> None:
    """Deletes what no late payment can need any more; the newest stays, for its anchors."""
    RateSheet.objects.filter(taken_at__lt=now - KEPT).delete()


def _keep(snapshot: Snapshot, problems: dict[str, str]) -> None:
    RateSheet.objects.create(
        taken_at=snapshot.taken_at,
        readings=_READINGS.dump_python(snapshot.readings, mode="json"),
        anchors=_ANCHORS.dump_python(snapshot.anchors, mode="json"),
        problems=problems,
    )


def _parsed(row: RateSheet) -> Snapshot:
    return Snapshot(
        taken_at=row.taken_at,
        readings=_READINGS.validate_python(row.readings),
        anchors=_ANCHORS.validate_python(row.anchors),
    )
