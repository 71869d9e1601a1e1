"""What a transfer is worth, at the quote's rate or that of its arrival, and how many confirmations that much needs."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from chains_app.networks.networks import Confirmations, Network
from chains_app.rates.exchange_rates import Rates, RateUnavailable, rates_at
from chains_app.reading.health import CLOCKS_DIFFER_BY
from common.money import value_of
from merchants_app.businesses.ways import asked_confirmations
from sessions_app.models import CheckoutSession, Quote
from sessions_app.models.payment import Basis
from sessions_app.paying.quoting import lock_rate
from sessions_app.state.counting import ZERO, counted_payments, gone_unpaid
from sessions_app.state.facts import facts_then, with_facts
from sessions_app.state.representation import units_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """What a transfer counts for; rate and value are None while no rate is to be had."""

    basis: Basis
    rate: Decimal | None
    value: Decimal | None


class Valuer:
    """Values the transfers to some sessions: their quotes in one query, one look at the rates for each moment.

    A rate may have to be asked for: no place inside a transaction.
    """

    def __init__(self, sessions: Iterable[CheckoutSession]) -> None:
        self._quotes: dict[int, list[Quote]] = defaultdict(list)
        self._sessions = {session.pk for session in sessions}
        self._read: dict[int, CheckoutSession] = {}
        self._before: dict[int, list[tuple[datetime, Decimal]]] = defaultdict(list)
        if self._sessions:
            quotes = Quote.objects.filter(session__in=self._sessions).defer("provenance")
            for quote in quotes.order_by("id"):
                self._quotes[quote.session_id].append(quote)
        self._snapshots: dict[tuple[str, datetime], Rates] = {}
        self._found: dict[tuple[str, str, str, datetime], Decimal | None] = {}

    def worth(
        self, session: CheckoutSession, *, asset: str, network: str, units: int, decimals: int, arrived_at: datetime
    ) -> Valuation:
        """The worth of base units of an asset, in the session's currency."""
        of_option = [q for q in self._quotes[session.pk] if (q.asset, q.network) == (asset, network)]
        grace = timedelta(minutes=session.grace_minutes)
        due = partial(self._due, session, arrived_at)
        if quote := quote_at(of_option, units=units, at=arrived_at, grace=grace, due=due):
            return _valued(Basis.QUOTE, quote.rate, units, decimals)
        market = self.market(asset, session.currency, mode=session.mode, at=arrived_at)
        if market is None:
            return Valuation(basis=Basis.ARRIVAL, rate=None, value=None)
        return _valued(Basis.ARRIVAL, lock_rate(market, session.spread_percent), units, decimals)

    def count(self, session: CheckoutSession, value: Decimal, *, arrived_at: datetime) -> None:
        """Says that so much of a session's price has come that no row says yet: the page asks for less since."""
        self._before[session.pk].append((arrived_at, value))

    def _due(self, session: CheckoutSession, at: datetime) -> Decimal:
        """What was still due just before that moment; zero when the price was covered."""
        if not self._read:
            self._read = {each.pk: each for each in with_facts(CheckoutSession.objects.filter(pk__in=self._sessions))}
        facts = facts_then(self._read[session.pk], at)
        arrived = [p.value or ZERO for p in counted_payments(facts) if p.arrived_at <= at]
        arrived += [value for came, value in self._before[session.pk] if came <= at]
        due = facts.price - max(sum(arrived, ZERO) - gone_unpaid(facts), ZERO)
        return due if due > facts.tolerance else ZERO

    def confirmations_needed(
        self, session: CheckoutSession, value: Decimal | None, *, asset: str, network: Network, at: datetime
    ) -> int:
        """As many as the greater of a payment's value and the whole price needs.

        A large sum sent in many small parts is as tempting to undo as one sent at once.
        """
        most = max(session.amount, value or session.amount)
        asked = asked_confirmations(session.confirmations, network)
        return self.confirmations_for(
            most, session.currency, mode=session.mode, asset=asset, network=network, at=at, asked=asked
        )

    def confirmations_for(
        self,
        value: Decimal,
        currency: str,
        *,
        mode: str,
        asset: str,
        network: Network,
        at: datetime,
        asked: Confirmations | None = None,
    ) -> int:
        """As many as that much of an asset needs; while nobody can tell what it is worth, the most there are.

        `asked`: instead of the network's own numbers.
        """
        needed = asked or network.confirmations
        in_usd, in_currency = (self.market(asset, each, mode=mode, at=at) for each in ("USD", currency))
        if in_usd is None or in_currency is None:
            return needed.large
        return needed.for_worth(value * in_usd / in_currency)

    def market(self, asset: str, currency: str, *, mode: str, at: datetime) -> Decimal | None:
        """Price of one whole asset at that moment, without any spread; None when none is to be had."""
        key = (asset, currency, mode, at)
        if key not in self._found:
            self._found[key] = self._look_up(asset, currency, mode, at)
        return self._found[key]

    def _look_up(self, asset: str, currency: str, mode: str, at: datetime) -> Decimal | None:
        if (mode, at) not in self._snapshots:
            self._snapshots[mode, at] = rates_at(mode=mode, now=at)
        try:
            return self._snapshots[mode, at].rate(asset, currency).value
        except RateUnavailable:
            return None


def quote_at(
    quotes: Iterable[Quote], *, units: int, at: datetime, grace: timedelta, due: Callable[[], Decimal]
) -> Quote | None:
    """The quote, of those for one option, whose time the moment falls into.

    Around its end a quote meets its successor, with another rate. `due` says what of the price was still to be paid
    just then, zero when nothing: each quote asked for that at its own rate. Of two whose asking is met the one that
    asked for more counts, else a buyer would have paid too much whenever the rate moved; of two that are not, the
    better one. So who pays what the page asked is counted by the quote that asked it.
    """
    near = [quote for quote in quotes if quote.created_at - CLOCKS_DIFFER_BY <= at <= quote.valid_until + grace]
    if len(near) < 2:
        return next(iter(near), None)
    rest = due()
    met = [quote for quote in near if units >= (units_asked(quote, rest) if rest else quote.amount_units)]
    return min(met, key=_rate_of, default=None) or max(near, key=_rate_of)


def _rate_of(quote: Quote) -> Decimal:
    return quote.rate


def _valued(basis: Basis, at_rate: Decimal, units: int, decimals: int) -> Valuation:
    return Valuation(basis=basis, rate=at_rate, value=value_of(units, at_rate, decimals=decimals))
