"""Asks all sources of rates at once, and is back in time whatever they do. A new source is one line in `_questions`."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import lru_cache
from queue import Empty, SimpleQueue
from threading import Thread

import httpx
import structlog
from django.conf import settings

from chains_app.networks.networks import Network, enabled_networks
from chains_app.rates.chainlink import CHAINLINK, ask_chainlink
from chains_app.rates.http import Line, SourceProblem
from chains_app.rates.pairs import pair, pairs_for
from chains_app.rates.sources import COINBASE, KRAKEN, Report, ask_coinbase, ask_kraken
from common.modes import Mode

log = structlog.get_logger()
Question = Callable[[Line], Awaitable[Report]]

# Sources get this much less than the caller waits, so that their answers are in before the caller stops waiting.
_MARGIN_SECONDS = 0.3


def ask_all(*, now: datetime, seconds: float) -> list[Report]:
    """What came of asking every source that is switched on; nothing is asked while no live network is enabled.

    The asking runs in a thread of its own that nobody waits for longer than `seconds`: a name server that hangs could
    not be interrupted by any deadline in this one.
    """
    networks = enabled_networks(Mode.LIVE)
    questions = _questions(networks, now=now) if networks else {}
    answered: SimpleQueue[Report] = SimpleQueue()
    ends_at = time.monotonic() + seconds

    def ask() -> None:
        asyncio.run(_ask(questions, answered.put, seconds=seconds - _MARGIN_SECONDS))

    if questions:
        Thread(target=ask, name="rates", daemon=True).start()
    reports = {name: Report(source=name, problem="did not answer in time") for name in questions}
    for _ in questions:
        try:
            report = answered.get(timeout=max(0.0, ends_at - time.monotonic()))
        except Empty:
            break
        reports[report.source] = report
    return list(reports.values())


def sources_of(currency: str) -> list[str]:
    """Who is asked here what a dollar is in a currency; of the dollar itself, who prices assets in it."""
    priced = None if currency == "USD" else pair(f"USD/{currency}")
    found = [COINBASE] if settings.COINBASE_URL and (priced is None or priced.at_coinbase) else []
    found += [KRAKEN] if settings.KRAKEN_URL and (priced is None or priced.kraken) else []
    fed = {feed for network in enabled_networks(Mode.LIVE) for feed in network.feeds}
    return [*found, CHAINLINK] if (fed if priced is None else priced.feed in fed) else found


def _questions(networks: Iterable[Network], *, now: datetime) -> dict[str, Question]:
    networks = tuple(networks)
    pairs = pairs_for(symbol for network in networks for symbol in network.assets)
    questions: dict[str, Question] = {}
    if url := settings.COINBASE_URL:
        questions[COINBASE] = lambda line: ask_coinbase(line, url, pairs, now=now)
    if address := settings.KRAKEN_URL:
        questions[KRAKEN] = lambda line: ask_kraken(line, address, pairs, now=now)
    if any(network.feeds for network in networks):
        questions[CHAINLINK] = lambda line: ask_chainlink(line, networks, pairs, now=now)
    return questions


async def _ask(questions: dict[str, Question], tell: Callable[[Report], None], *, seconds: float) -> None:
    ends_at = asyncio.get_running_loop().time() + seconds
    async with httpx.AsyncClient(follow_redirects=False, timeout=seconds, verify=_trusted()) as client:
        line = Line(client, ends_at=ends_at)
        await asyncio.gather(*(_tell(name, question, line, tell) for name, question in questions.items()))


async def _tell(name: str, question: Question, line: Line, tell: Callable[[Report], None]) -> None:
    try:
        report = await question(line)
    except SourceProblem as problem:
        report = Report(source=name, problem=str(problem))
    except Exception as fault:  # noqa: BLE001  (whatever one source makes of us, the others must be heard)
        log.error("rate_source_broke", source=name, fault=repr(fault)[:200])
        report = Report(source=name, problem="answered something that nobody thought of")
    tell(report)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Reading all the world's certificate authorities takes longer than asking: once is enough."""
    return httpx.create_ssl_context()
