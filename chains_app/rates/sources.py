"""The public sources of rates, each in its own words: Coinbase and Kraken. A new one is a function like these."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chains_app.rates.http import Line, SourceProblem, check_address, member, price
from chains_app.rates.pairs import Pair
from chains_app.rates.rules import MAX_APART, Reading, apart, inverse

COINBASE = "coinbase"
KRAKEN = "kraken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of asking one source: readings, and what went wrong (empty: nothing)."""

    source: str
    readings: tuple[Reading, ...] = ()
    problem: str = ""


async def ask_coinbase(line: Line, url: str, pairs: Mapping[str, Pair], *, now: datetime) -> Report:
    """`GET /v2/exchange-rates?currency=ETH` for each asset, and once for the dollar in all currencies."""
    base = check_address(url)
    wanted = [pair for pair in pairs.values() if pair.at_coinbase]
    found: list[Reading] = []
    problems: list[str] = []

    def read(pair: Pair, said: object) -> None:
        try:
            found.append(Reading(source=COINBASE, pair=pair.name, value=price(said), at=now))
        except SourceProblem as problem:  # of this pair; the others may be right
            problems.append(str(problem))

    async def ask(of: str) -> None:
        try:
            answer = await line.json("GET", f"{base}/v2/exchange-rates", params={"currency": of})
            if (said := member(answer, "data", "currency")) != of:
                raise SourceProblem(f"was asked for {of} and answered for {str(said)[:20]!r}")
            rates = member(answer, "data", "rates")
            for pair in wanted:
                # A currency that Coinbase does not list is no fault of the others.
                if pair.sold_as == of and isinstance(rates, dict) and pair.quote in rates:
                    read(pair, rates[pair.quote])
        except SourceProblem as problem:
            problems.append(str(problem))

    await asyncio.gather(*(ask(of) for of in sorted({pair.sold_as for pair in wanted})))
    return Report(source=COINBASE, readings=tuple(found), problem=problems[0] if problems else "")


async def ask_kraken(line: Line, url: str, pairs: Mapping[str, Pair], *, now: datetime) -> Report:
    """`GET /0/public/Ticker?pair=ETHUSD,…`: the middle between the best bid and the best offer."""
    base = check_address(url)
    wanted = [pair for pair in pairs.values() if pair.kraken]
    try:
        return await _tickers(line, base, wanted, now=now)
    except _UnknownPair:
        # Kraken refuses the whole list for one name that it does not know: ask one by one.
        singles = (_single_ticker(line, base, pair, now=now) for pair in wanted)
        return _together(await asyncio.gather(*singles))


class _UnknownPair(SourceProblem):
    """Kraken does not list a pair that it was asked for."""


async def _single_ticker(line: Line, base: str, pair: Pair, *, now: datetime) -> Report:
    try:
        return await _tickers(line, base, [pair], now=now)
    except SourceProblem as problem:
        return Report(source=KRAKEN, problem=f"{problem} ({pair.kraken[0]})")


async def _tickers(line: Line, base: str, wanted: list[Pair], *, now: datetime) -> Report:
    names = ",".join(dict.fromkeys(pair.kraken[0] for pair in wanted))
    answer = await line.json("GET", f"{base}/0/public/Ticker", params={"pair": names})
    if errors := member(answer, "error"):
        problem = f"said {str(errors)[:80]}"
        raise _UnknownPair(problem) if "Unknown asset pair" in str(errors) else SourceProblem(problem)
    tickers = member(answer, "result")
    reports = []
    for pair in wanted:
        try:
            value = _middle(tickers, pair)
        except SourceProblem as problem:
            reports.append(Report(source=KRAKEN, problem=f"{problem} ({pair.kraken[0]})"))
        else:
            reading = Reading(source=KRAKEN, pair=pair.name, value=value, at=now)
            reports.append(Report(source=KRAKEN, readings=(reading,)))
    return _together(reports)


def _middle(tickers: object, pair: Pair) -> Decimal:
    """Trades can be hours old in a quiet market; what is bid and offered is of now."""
    name = next((name for name in pair.kraken if isinstance(tickers, dict) and name in tickers), pair.kraken[0])
    bid, offer = _best(tickers, name, "b"), _best(tickers, name, "a")
    if bid > offer or apart([bid, offer]) > MAX_APART:
        raise SourceProblem("has bids and offers that do not meet")
    middle = (bid + offer) / 2
    return inverse(middle) if pair.inverse else middle


def _best(tickers: object, name: str, side: str) -> Decimal:
    orders = member(tickers, name, side)
    if not isinstance(orders, list) or not orders:
        raise SourceProblem("left out the orders")
    return price(orders[0])


def _together(reports: Iterable[Report]) -> Report:
    listed = list(reports)
    return Report(
        source=KRAKEN,
        readings=tuple(reading for report in listed for reading in report.readings),
        problem=next((report.problem for report in listed if report.problem), ""),
    )
