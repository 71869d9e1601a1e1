"""Fake sources of rates that speak the real wire formats over loopback: Coinbase, Kraken, a node with Chainlink feeds.

Each can be switched to a behaviour. Those of MANGLED_PRICES change the prices, those of BROKEN the whole answer.
"""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from eth_abi.abi import encode
from pytest_django import Settings

from chains_app.networks.networks import network
from tests.loopback import HANG_UP, Asked, LoopbackServer, Reply, Response

PRICES = {
    "ETH/USD": "3000", "BNB/USD": "600", "POL/USD": "0.25", "USDC/USD": "0.9998", "USDT/USD": "1.0001",
    "AVAX/USD": "20", "CELO/USD": "0.2", "EURC/USD": "1.1363", "PYUSD/USD": "0.9999", "DAI/USD": "1.0002",
    "USDS/USD": "0.9997",
    "USD/EUR": "0.88", "USD/GBP": "0.76", "USD/CHF": "0.83", "USD/JPY": "152", "USD/CAD": "1.38", "USD/AUD": "1.53",
    "USD/NGN": "1500", "USD/GHS": "11.5", "USD/KES": "129", "USD/ZAR": "17.5", "USD/INR": "88", "USD/BRL": "5.4",
    "USD/AED": "3.6725", "USD/KWD": "0.307",
}  # fmt: skip

MANGLED_PRICES: dict[str, Callable[[str], object]] = {
    "not_a_number": lambda _: "NaN",
    "infinite": lambda _: "Infinity",
    "negative": lambda price: f"-{price}",
    "zero": lambda _: "0.00",
    "huge": lambda _: "9" * 40,
    "with_exponent": lambda _: "1e30",
    "words": lambda _: "soon",
    "null": lambda _: None,
    "a_list": lambda _: [],
    "foreign_digits": lambda _: "٣٠٠٠",
}
BROKEN = (
    "down", "hangs_up", "slow", "drips", "drips_head", "html", "redirect", "wrong_json", "not_utf8", "empty",
    "a_list_instead", "endless", "zipped", "deep", "plain_text", "nan_literal",
)  # fmt: skip

# What Kraken lists: asked for → (its own name, pair, quoted the other way round).
_KRAKEN = {
    "ETHUSD": ("XETHZUSD", "ETH/USD", False), "BNBUSD": ("BNBUSD", "BNB/USD", False),
    "POLUSD": ("POLUSD", "POL/USD", False), "USDCUSD": ("USDCUSD", "USDC/USD", False),
    "AVAXUSD": ("AVAXUSD", "AVAX/USD", False), "CELOUSD": ("CELOUSD", "CELO/USD", False),
    "EURCUSD": ("EURCUSD", "EURC/USD", False), "PYUSDUSD": ("PYUSDUSD", "PYUSD/USD", False),
    "DAIUSD": ("DAIUSD", "DAI/USD", False), "USDSUSD": ("USDSUSD", "USDS/USD", False),
    "USDTUSD": ("USDTZUSD", "USDT/USD", False), "EURUSD": ("ZEURZUSD", "USD/EUR", True),
    "GBPUSD": ("ZGBPZUSD", "USD/GBP", True), "USDCHF": ("USDCHF", "USD/CHF", False),
    "USDJPY": ("ZUSDZJPY", "USD/JPY", False), "USDCAD": ("ZUSDZCAD", "USD/CAD", False),
    "AUDUSD": ("AUDUSD", "USD/AUD", True),
}  # fmt: skip


class FakeSource(LoopbackServer):
    """One server. `prices` by pair name, `factor` multiplies what it says of `wrong_pairs` (all when empty)."""

    def __init__(self) -> None:
        super().__init__()
        self.prices = dict(PRICES)
        self.behaviour = "well"
        self.factor = Decimal(1)
        self.wrong_pairs: set[str] = set()

    def says(self, pair: str) -> Any:
        """The price as it tells it now, lies included."""
        value = Decimal(self.prices[pair])
        if pair in self.wrong_pairs or not self.wrong_pairs:
            value *= self.factor
        reported = f"{value:f}"
        return MANGLED_PRICES[self.behaviour](reported) if self.behaviour in MANGLED_PRICES else reported

    def answer(self, asked: Asked) -> Any:
        """What to say in JSON."""
        raise NotImplementedError

    def respond(self, asked: Asked) -> Response:
        if self.behaviour in _TEXTS:
            kind, text = _TEXTS[self.behaviour]
            return Reply(200, text, {"Content-Type": kind})
        if self.behaviour == "down":
            return Reply(503, b"{}", {"Content-Type": _JSON})
        if self.behaviour == "redirect":
            return Reply(302, b"", {"Location": f"{self.url}/elsewhere"})
        if self.behaviour in {"drips", "drips_head", "endless"}:
            return self._pour(self.behaviour)
        if self.behaviour == "slow":
            self.hang()
        if self.behaviour in {"hangs_up", "slow"}:
            return HANG_UP
        text = json.dumps(self.answer(asked), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if self.behaviour == "zipped":
            return Reply(200, gzip.compress(text), headers | {"Content-Encoding": "gzip"})
        return Reply(200, text, headers)

    def _pour(self, behaviour: str) -> Iterator[bytes]:
        """An answer that never ends: byte by byte, or as fast as it is taken."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        yield head + (b"X-Slow: " if behaviour == "drips_head" else b"\r\n")
        while True:
            yield b" " * 65536 if behaviour == "endless" else b" "
            if behaviour != "endless":
                self.over.wait(0.05)


class FakeCoinbase(FakeSource):
    """`GET /v2/exchange-rates?currency=ETH`."""

    answers_for: str | None = None  # another currency than the one asked for

    def answer(self, asked: Asked) -> Any:
        assert urlsplit(asked.path).path == "/v2/exchange-rates"
        of = parse_qs(urlsplit(asked.path).query)["currency"][0]
        pairs = [pair for pair in self.prices if pair.startswith(f"{of}/")]
        rates = {pair.split("/")[1]: self.says(pair) for pair in pairs}
        return {"data": {"currency": self.answers_for or of, "rates": {of: "1"} | rates}}


class FakeKraken(FakeSource):
    """`GET /0/public/Ticker?pair=ETHUSD,EURUSD`. Refuses the whole list for one pair in `unlisted`."""

    unlisted: frozenset[str] = frozenset()
    bids_below_offers = Decimal("0.0002")

    def answer(self, asked: Asked) -> Any:
        assert urlsplit(asked.path).path == "/0/public/Ticker"
        names = parse_qs(urlsplit(asked.path).query)["pair"][0].split(",")
        if any(name not in _KRAKEN or name in self.unlisted for name in names):
            return {"error": ["EQuery:Unknown asset pair"]}
        return {"error": [], "result": {_KRAKEN[name][0]: self._ticker(name) for name in names}}

    def _ticker(self, name: str) -> dict[str, Any]:
        _, pair, other_way = _KRAKEN[name]
        reported = self.says(pair)
        if self.behaviour in MANGLED_PRICES:
            return {"a": [reported, "1", "1.0"], "b": [reported, "1", "1.0"], "c": ["1", "1"]}
        value = 1 / Decimal(reported) if other_way else Decimal(reported)
        half = value * self.bids_below_offers / 2
        offer, bid = f"{value + half:.12f}", f"{value - half:.12f}"
        return {"a": [offer, "1", "1.000"], "b": [bid, "2", "2.000"], "c": [bid, "0.01"], "o": bid}


class FakeNode(FakeSource):
    """A node's JSON-RPC with price feeds at the addresses given: {'ETH/USD': address}."""

    chain_id = 1
    head_age = 5
    round = 7
    answer_age = 600
    description: str | None = None
    largest_batch = 100

    def __init__(self, feeds: dict[str, str]) -> None:
        super().__init__()
        self.feeds = {address: pair for pair, address in feeds.items()}

    def answer(self, asked: Asked) -> Any:
        assert asked.method == "POST"
        calls = asked.json
        if isinstance(calls, dict):
            return self._answer(calls)
        if len(calls) > self.largest_batch:
            return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Batch too large"}}
        return [self._answer(call) for call in reversed(calls)]

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": call["id"], "result": self._result(call)}

    def _result(self, call: dict[str, Any]) -> Any:
        if call["method"] == "eth_chainId":
            return hex(self.chain_id)
        if call["method"] == "eth_getBlockByNumber":
            return {"number": "0x10", "timestamp": hex(int(time.time()) - self.head_age)}
        to = call["params"][0]["to"]
        return "0x" + self._called(self.feeds[to], call["params"][0]["data"]).hex() if to in self.feeds else "0x"

    def _called(self, pair: str, selector: str) -> bytes:
        if selector == "0x313ce567":
            return encode(["uint8"], [8])
        if selector == "0x7284e416" and self.behaviour == "points_nowhere":
            return encode(["uint256", "uint256"], [32, 2**255])
        if selector == "0x7284e416":
            return encode(["string"], [self.description or pair.replace("/", " / ")])
        then = int(time.time()) - self.answer_age
        answer = {"zero": 0, "negative": -5, "huge": 10**60}.get(self.behaviour) or self._scaled(pair)
        kinds, number = ["uint80", "int256", "uint256", "uint256", "uint80"], self.round
        return encode(kinds, [number, answer, then, then, number])

    def _scaled(self, pair: str) -> int:
        if self.behaviour == "zero":
            return 0
        priced = self.factor if pair in self.wrong_pairs or not self.wrong_pairs else Decimal(1)
        if pair in self.prices:
            return int(Decimal(self.prices[pair]) * priced * 10**8)
        return int(priced * 10**8 / Decimal(self.prices[f"USD/{pair.split('/')[0]}"]))


class FakeRates:
    """All of them together, as the settings would name them."""

    def __init__(self, feeds: dict[str, str]) -> None:
        self.coinbase, self.kraken, self.node = FakeCoinbase(), FakeKraken(), FakeNode(feeds)

    @property
    def all(self) -> tuple[FakeSource, ...]:
        return self.coinbase, self.kraken, self.node

    def everybody(self, pair: str, price: str) -> None:
        """The market moves: all sources say so."""
        for source in self.all:
            source.prices[pair] = price


@contextmanager
def fake_rates(feeds: dict[str, str]) -> Iterator[FakeRates]:
    """Starts the three servers, and stops them."""
    fakes = FakeRates(feeds)
    with ExitStack() as stack:
        for source in fakes.all:
            stack.enter_context(source)
        yield fakes


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[FakeRates]:
    """Live mode on Ethereum alone, with all three sources on loopback."""
    with fake_rates(dict(network("ethereum").feeds)) as fakes:
        settings.COINBASE_URL, settings.KRAKEN_URL = fakes.coinbase.url, fakes.kraken.url
        monkeypatch.setenv("RPC_URL_ETHEREUM", fakes.node.url)
        cache.delete("rates:asking")
        yield fakes


_JSON = "application/json"
_TEXTS = {
    "html": ("text/html", b"<html><body>Just a moment...</body></html>"),
    "plain_text": ("text/plain", b"{}"),
    "wrong_json": (_JSON, b'{"data": '),
    "not_utf8": (_JSON, b'{"data": "\xff"}'),
    "empty": (_JSON, b"{}"),
    "a_list_instead": (_JSON, b"[]"),
    "deep": (_JSON, b"[" * 5000),
    "nan_literal": (_JSON, b'{"error": [], "data": {"currency": "ETH", "rates": {"USD": NaN}}}'),
}
