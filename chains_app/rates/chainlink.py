"""Reads Chainlink's price feeds through the networks' own nodes: the source that needs no company's server."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from statistics import median
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from chains_app.networks.networks import Network
from chains_app.rates.http import Line, SourceProblem, member
from chains_app.rates.pairs import Pair
from chains_app.rates.rules import CLOCKS_DIFFER, MAX_AGE, Reading, inverse, largest_agreement
from chains_app.rates.sources import Report
from common.api.exact_json import dumps

CHAINLINK = "chainlink"

# Selectors of the three calls: latestRoundData(), decimals(), description().
_CALLS = ("0xfeaf968c", "0x313ce567", "0x7284e416")


async def ask_chainlink(line: Line, networks: Iterable[Network], pairs: Mapping[str, Pair], *, now: datetime) -> Report:
    """One voice, however many networks are read: all their feeds are written by the same oracles."""
    found: list[Reading] = []
    problems: list[str] = []

    async def ask(network: Network, wanted: list[Pair]) -> None:
        try:
            readings, problem = await _ask_network(line, network, wanted, now=now)
            found.extend(readings)
        except SourceProblem as error:
            problem = str(error)
        if problem:
            problems.append(f"{network.id}: {problem}")

    by_feed = {pair.feed: pair for pair in pairs.values()}
    await asyncio.gather(*(ask(n, [by_feed[feed] for feed in n.feeds if feed in by_feed]) for n in networks if n.feeds))
    readings = []
    # A network that stands still has no voice, and takes nobody else's.
    fresh = [reading for reading in found if now - reading.at <= MAX_AGE]
    for name, of_pair in groupby(sorted(fresh or found, key=lambda r: r.pair), key=lambda r: r.pair):
        if agreeing := largest_agreement(list(of_pair)):
            value = median(reading.value for reading in agreeing)
            at = min(reading.at for reading in agreeing)
            readings.append(Reading(source=CHAINLINK, pair=name, value=value, at=at))
        else:
            problems.append(f"its feeds of {name} on different networks disagree")
    return Report(source=CHAINLINK, readings=tuple(readings), problem=problems[0] if problems else "")


async def _ask_network(line: Line, network: Network, wanted: list[Pair], *, now: datetime) -> tuple[list[Reading], str]:
    """From the first of the network's nodes that answers; each gets its share of the time."""
    if not wanted:
        return [], ""
    problem = "has no node"
    for position, url in enumerate(urls := network.rpc_urls):
        clock = asyncio.get_running_loop().time()
        share = clock + (line.ends_at - clock) / (len(urls) - position)
        try:
            results = await _results(line, url, _calls(network, wanted), ends_at=share)
            return _readings(results, network, wanted, now=now)
        except SourceProblem as error:
            problem = f"its node {error}"
    raise SourceProblem(problem)


def _calls(network: Network, wanted: list[Pair]) -> list[dict[str, Any]]:
    """The chain's id, its newest block, and three calls for each feed."""
    calls: list[dict[str, Any]] = [
        {"method": "eth_chainId", "params": []},
        {"method": "eth_getBlockByNumber", "params": ["latest", False]},
    ]
    for pair in wanted:
        to = network.feeds[pair.feed]
        calls += [{"method": "eth_call", "params": [{"to": to, "data": data}, "latest"]} for data in _CALLS]
    return [{"jsonrpc": "2.0", "id": number, **call} for number, call in enumerate(calls)]


async def _results(line: Line, url: str, calls: list[dict[str, Any]], *, ends_at: float) -> dict[int, Any]:
    """By the call's number. Not `json_rpc`, whose patience suits a scanner: here a buyer may be waiting."""
    answers = await line.json("POST", url, body=dumps(calls), ends_at=ends_at)
    if isinstance(answers, dict) and "error" in answers:
        # Some providers refuse batches of more than a few calls.
        singles = (line.json("POST", url, body=dumps(call), ends_at=ends_at) for call in calls)
        answers = await asyncio.gather(*singles)
    if not isinstance(answers, list):
        raise SourceProblem("did not answer a batch of calls")
    return {
        each["id"]: each.get("result") for each in answers if isinstance(each, dict) and type(each.get("id")) is int
    }


def _readings(
    results: dict[int, Any], network: Network, wanted: list[Pair], *, now: datetime
) -> tuple[list[Reading], str]:
    if _number(results.get(0)) != network.chain_id:
        raise SourceProblem("is on another chain")
    # The reading is as old as the block it was read at: a node that lags gives old prices, and is found out by this.
    head = _time(_number(member(results.get(1), "timestamp")))
    if head > now + CLOCKS_DIFFER:
        raise SourceProblem("has blocks from the future")
    found, problem = [], ""
    for position, pair in enumerate(wanted):
        first = 2 + 3 * position
        try:
            value = _answer_of(pair, [results.get(first + offset) for offset in range(3)], now=now)
            found.append(Reading(source=CHAINLINK, pair=pair.name, value=value, at=min(head, now)))
        except SourceProblem as error:
            problem = f"{pair.feed} {error}"
    return found, problem


def _answer_of(pair: Pair, results: list[object], *, now: datetime) -> Decimal:
    round_id, answer, _, updated_at, _ = _decoded(["uint80", "int256", "uint256", "uint256", "uint80"], results[0])
    (decimals,) = _decoded(["uint8"], results[1])
    (description,) = _decoded(["string"], results[2])
    if description not in pair.feed_names:
        raise SourceProblem(f"calls itself {description[:40]!r}")
    if round_id == 0 or not 0 < answer < 10**40 or decimals > 36:
        raise SourceProblem("has no sensible answer")
    if not -CLOCKS_DIFFER <= now - _time(updated_at) <= pair.feed_age:
        raise SourceProblem("has missed its heartbeat")
    value = Decimal(answer).scaleb(-decimals)
    return inverse(value) if pair.is_currency else value


def _decoded(types: list[str], data: object) -> tuple[Any, ...]:
    try:
        return decode(types, bytes.fromhex(str(data).removeprefix("0x")))
    except (ValueError, OverflowError, DecodingError):
        raise SourceProblem("is no price feed") from None


def _number(value: object) -> int:
    try:
        return int(str(value), 16)
    except ValueError:
        raise SourceProblem("gave no number where one belongs") from None


def _time(seconds: int) -> datetime:
    if not 0 <= seconds < 10**11:
        raise SourceProblem("gave a time beyond all calendars")
    return datetime.fromtimestamp(seconds, UTC)
