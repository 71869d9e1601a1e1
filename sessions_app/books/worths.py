"""What booked money is worth, on whose word and when they gave it. Asks nobody: rates that are on record, or none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime

from chains_app.rates.exchange_rates import Rate, rate_on_record
from chains_app.rates.snapshots import KEPT
from common.money import value_of
from sessions_app.models import CheckoutSession, Payment, Quote
from sessions_app.models.payment import Basis

_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """So much, at this rate, on that word; nothing of it when no rate of the moment is known."""

    value: Decimal | None = None
    rate: Decimal | None = None
    sources: str = ""
    at: datetime | None = None


UNKNOWN = Worth()


class Worths:
    """The worth of many, with one look at the rates for each moment and one query for the quotes of all sessions."""

    def __init__(self, sessions: Iterable[int], *, now: datetime) -> None:
        self._now = now
        self._known: dict[tuple[str, str, str, datetime], Rate | None] = {}
        self._quotes: dict[tuple[int, str, str, Decimal], Quote] = {}
        for quote in Quote.objects.filter(session__in=set(sessions)).order_by("id"):
            self._quotes[quote.session_id, quote.asset, quote.network, quote.rate] = quote

    def of_payment(self, payment: Payment) -> Worth:
        """In the session's currency, as it was counted when it arrived."""
        if payment.value is None:
            return UNKNOWN
        quote = self._quotes.get((payment.session_id, payment.asset, payment.network, payment.rate or Decimal(0)))
        if quote and payment.basis == Basis.QUOTE:
            sources, at = _said(quote.provenance, f"quote {quote.public_id}"), _oldest(quote.provenance)
            return Worth(value=payment.value, rate=payment.rate, sources=sources, at=at or quote.created_at)
        found = self._rate(payment.asset, payment.session.currency, payment.session, payment.arrived_at)
        sources = _said(found.provenance, "arrival") if found else "arrival"
        at = found.as_of if found else payment.arrived_at
        return Worth(value=payment.value, rate=payment.rate, sources=sources, at=at)

    def reported(self, session: CheckoutSession, own: Worth, *, asset: str, units: Decimal, decimals: int,
                 at: datetime) -> Worth:  # fmt: skip
        """In the currency that the business's totals are told in; what is in it already keeps its worth."""
        if session.currency == session.merchant.reporting_currency:
            return own
        return self.market(
            asset, session.merchant.reporting_currency, mode=session.mode, units=units, decimals=decimals, at=at
        )

    def market(self, asset: str, currency: str, *, mode: str, units: Decimal, decimals: int, at: datetime) -> Worth:
        """At the market's rate of a moment."""
        found = self._look_up(asset, currency, mode, at)
        if found is None:
            return UNKNOWN
        value = value_of(units, found.value, decimals=decimals)
        return Worth(value=value, rate=found.value, sources=_said(found.provenance, "market"), at=found.as_of)

    def _rate(self, asset: str, currency: str, session: CheckoutSession, at: datetime) -> Rate | None:
        return self._look_up(asset, currency, session.mode, at)

    def _look_up(self, asset: str, currency: str, mode: str, at: datetime) -> Rate | None:
        if self._now - at > KEPT:
            return None  # no rates are kept for so long
        key = (asset, currency, mode, at)
        if key not in self._known:
            self._known[key] = rate_on_record(asset, currency, mode=mode, at=at)
        return self._known[key]


def _said(provenance: Mapping[str, Any], basis: str) -> str:
    """'quote qu_…: median of coinbase, kraken'."""
    named = sorted({each["source"] for each in provenance.get("sources", ()) if each.get("used")})
    rule = provenance.get("rule", "")
    words = f"{rule} of {', '.join(named)}" if named and named != [rule] else str(rule)
    return f"{basis}: {words}"[:_LONGEST]


def _oldest(provenance: Mapping[str, Any]) -> datetime | None:
    times = [each.get("fetchedAt", "") for each in provenance.get("sources", ()) if each.get("used")]
    found = [at for at in map(parse_datetime, times) if at]
    return min(found, default=None)
