"""A provider's faults, by name: a proxy in front of a real node that plays them until it is well again.

    with FaultyProxy(upstream=anvil.url) as proxy:
        proxy.has_no_receipt_of(tx_hash)
        proxy.spoils_logs(logIndex=None)                          # of all, or: when=lambda log: ...
        proxy.lists(junk_collections(block=7, number=20_000), at_most=10_000)
        proxy.keeps_no_state(below=7)
        proxy.serves_old_blocks(7, 8)
        proxy.limits("batch: 403")                                # one of LIMITS
        proxy.fails(0.1)                                          # that share of requests gets no answer that is one
        proxy.well()

Several play at once. Everything else is answered by the real node.
"""

import json
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from chains_app.receiving.deposits import COLLECTED_TOPIC, FACTORY_ADDRESS
from tests.fake_node import FakeNode, Refusal
from tests.loopback import HANG_UP, Asked, Reply, Response

Log = Mapping[str, Any]
JUNK_TOKEN = "0x" + "9" * 40
NOBODY = "0x" + "8" * 40


# What a stingy provider takes, and how it refuses more than that.
MOST_CALLS, MOST_BLOCKS, MOST_BYTES, MOST_LOGS, CALLS_A_SECOND = 3, 8, 1_500, 4, 15
LIMITS = (
    "batch: each call", "batch: one error", "batch: hangs up", "batch: 403", "batch: message",
    "range: 400", "range: 504", "range: 524", "range: error",
    "pace", "pace: Retry-After",
    "results", "body",
)  # fmt: skip


class FaultyProxy(FakeNode):
    """One server. Use as a context manager."""

    def __init__(self, *, upstream: str) -> None:
        super().__init__(upstream=upstream)
        self._listed: dict[tuple[Any, ...], list[Log]] = {}
        self._at_most = 10**9
        self._spoiled: Callable[[Log], bool] = lambda log: False
        self._fields: dict[str, Any] = {}
        self._cut_to = 10**9
        self._hidden: Callable[[Log], bool] = lambda log: False
        self.logs_sent = 0
        self._limit = ""
        self._failing, self._dice = 0.0, random.Random(1)
        self._moments: list[float] = []  # of each call

    def well(self) -> None:
        super().well()
        self._limit, self._failing = "", 0.0
        self._listed, self._at_most, self._fields = {}, 10**9, {}
        self._cut_to, self._hidden = 10**9, lambda log: False
        self._spoiled = lambda log: False

    # --- limits

    def limits(self, name: str) -> None:
        """Refuses what is above its limit, in that way."""
        self._limit = name

    def fails(self, share: float) -> None:
        """So many of the requests, by chance."""
        self._failing = share

    def respond(self, asked: Asked) -> Response:
        if self._failing and self._dice.random() < self._failing:
            return Reply(502, b"<html>Bad gateway</html>")
        calls = asked.json if isinstance(asked.json, list) else [asked.json]
        if self._limit and self._is_too_much(asked, calls):
            return _refusal(self._limit, calls)
        return super().respond(asked)

    def _is_too_much(self, asked: Asked, calls: Sequence[Mapping[str, Any]]) -> bool:
        if self._limit == "body":
            return len(asked.body) > MOST_BYTES
        if self._limit.startswith("range"):
            return any(_blocks_of(call) > MOST_BLOCKS for call in calls if call["method"] == "eth_getLogs")
        if self._limit.startswith("pace"):
            now = time.monotonic()
            self._moments = [at for at in self._moments if at > now - 1]
            if len(self._moments) + len(calls) > CALLS_A_SECOND:
                return True
            self._moments += [now] * len(calls)
            return False
        return self._limit.startswith("batch") and len(calls) > MOST_CALLS

    # --- receipts

    def has_no_receipt_of(self, *hashes: str) -> None:
        """As for a transaction that was never mined. Of all, when none is named."""
        self.spoils_receipts(lambda receipt: None, hashes)

    def spoils_receipts(self, spoil: Callable[[dict[str, Any]], Any], hashes: Collection[str] = ()) -> None:
        """Receipts, of these transactions or of all, are what is made of them here."""
        self.answer(
            "eth_getTransactionReceipt",
            lambda upstream, tx_hash: (
                spoil(upstream("eth_getTransactionReceipt", tx_hash))
                if not hashes or tx_hash in hashes
                else upstream("eth_getTransactionReceipt", tx_hash)
            ),
        )

    # --- logs

    def spoils_logs(self, *, when: Callable[[Log], bool] = lambda log: True, **fields: Any) -> None:
        """Those logs have these values in these fields."""
        self._spoiled, self._fields = when, fields
        self.answer("eth_getLogs", self._logs)

    def hides_logs(self, *, when: Callable[[Log], bool] = lambda log: True) -> None:
        """Those logs are not listed, as while an index lags."""
        self._hidden = when
        self.answer("eth_getLogs", self._logs)

    def cuts_logs(self, to: int) -> None:
        """No more than so many are listed, and nothing is said."""
        self._cut_to = to
        self.answer("eth_getLogs", self._logs)

    def lists(self, logs: Sequence[Log] = (), *, at_most: int = 10**9) -> None:
        """These logs too, where they were asked for; and refuses to list more than so many."""
        self._listed, self._at_most = {}, at_most
        for log in logs:  # those that only differ in what no filter asks for are looked at once, as by an index
            self._listed.setdefault((log["address"], log["blockNumber"], *log["topics"]), []).append(log)
        self.answer("eth_getLogs", self._logs)

    def _logs(self, upstream: Callable[..., Any], where: Mapping[str, Any]) -> list[Any]:
        listed = [same for same in self._listed.values() if _is_asked_for(same[0], where)]
        found = [*upstream("eth_getLogs", where), *(log for same in listed for log in same)]
        found = [log for log in found if not self._hidden(log)][: self._cut_to]
        if len(found) > self._at_most:
            raise Refusal(f"query returned more than {self._at_most} results", -32005)
        self.logs_sent += len(found)
        return [log | self._fields if self._spoiled(log) else log for log in found]

    # --- state

    def keeps_no_state(self, *, below: int, message: str = "block is out of range") -> None:
        """Balances of blocks below are refused in these words, and nothing that ran there is traced."""
        for method in ("eth_call", "eth_getBalance"):
            self.refuse(method, message, when=lambda *asked: int(asked[-1], 16) < below)
        for method in ("debug_traceBlockByNumber", "trace_block"):
            self.answer(
                method,
                lambda upstream, number, *more, method=method: (
                    [] if int(number, 16) < below else upstream(method, number, *more)
                ),
            )

    def tells_balances_late(self) -> None:
        """Of its newest block it says what was in the one before."""

        def asked_late(upstream: Callable[..., Any], method: str, *asked: Any) -> Any:
            newest = upstream("eth_blockNumber")
            before = hex(int(newest, 16) - 1)
            return upstream(method, *asked[:-1], before if asked[-1] in {newest, "latest"} else asked[-1])

        for method in ("eth_call", "eth_getBalance"):
            self.answer(method, lambda upstream, *asked, method=method: asked_late(upstream, method, *asked))

    # --- blocks

    def has_blooms(self, bloom: str) -> None:
        """All headers have this one."""
        self.answer(
            "eth_getBlockByNumber",
            lambda upstream, *asked: (
                block | {"logsBloom": bloom} if (block := upstream("eth_getBlockByNumber", *asked)) else None
            ),
        )

    def serves_old_blocks(self, *heights: int) -> None:
        """These blocks, asked for by number, stay what they are now, whatever becomes of the chain."""
        kept = {
            (hex(height), full): self.ask_upstream("eth_getBlockByNumber", hex(height), full)
            for height in heights
            for full in (False, True)
        }
        self.answer(
            "eth_getBlockByNumber",
            lambda upstream, number, full: kept.get((number, full)) or upstream("eth_getBlockByNumber", number, full),
        )

    def stays_on_this_branch(self, *, since: int, receipts: Collection[str] = ()) -> None:
        """Blocks from there on, its newest block, and these receipts stay what they are now, whatever becomes of the
        chain."""
        head = int(self.ask_upstream("eth_blockNumber"), 16)
        blocks = {
            (name, full): self.ask_upstream("eth_getBlockByNumber", name, full)
            for name in (*map(hex, range(since, head + 1)), "latest")
            for full in (False, True)
        }
        kept = {each: self.ask_upstream("eth_getTransactionReceipt", each) for each in receipts}
        self.answer(
            "eth_getBlockByNumber",
            lambda upstream, name, full: blocks.get((name, full)) or upstream("eth_getBlockByNumber", name, full),
        )
        self.answer(
            "eth_getTransactionReceipt",
            lambda upstream, tx_hash: kept.get(tx_hash) or upstream("eth_getTransactionReceipt", tx_hash),
        )

    def spoils_transactions(self, when: Callable[[dict[str, Any]], bool], **fields: Any) -> None:
        """In full blocks, those transactions have these values in these fields."""

        def answer(upstream: Callable[..., Any], number: str, full: bool) -> Any:
            block = upstream("eth_getBlockByNumber", number, full)
            if block and full:
                block["transactions"] = [each | fields if when(each) else each for each in block["transactions"]]
            return block

        self.answer("eth_getBlockByNumber", answer)


def _refusal(limit: str, calls: Sequence[Mapping[str, Any]]) -> Response:
    html = b"<!DOCTYPE html><title>Too much</title>"
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch size exceeded"}}
    each = [{**error, "id": call["id"], "error": {"code": -32005, "message": "limit exceeded"}} for call in calls]
    wide = [{**error, "id": call["id"], "error": {"code": -32000, "message": "block range too wide"}} for call in calls]
    return {
        "batch: each call": Reply(200, json.dumps(each).encode()),
        "batch: one error": Reply(200, json.dumps(error).encode()),
        "batch: hangs up": HANG_UP,
        "batch: 403": Reply(403, html),
        "batch: message": Reply(400, b'{"message": "Forbidden"}'),
        "range: 400": Reply(400, b"Bad request"),
        "range: 504": Reply(504, b"Gateway timeout"),
        "range: 524": Reply(524, html),
        "range: error": Reply(200, json.dumps(wide if len(wide) > 1 else wide[0]).encode()),
        "pace": Reply(429),
        "pace: Retry-After": Reply(429, headers={"Retry-After": "1"}),
        "body": Reply(413, html),
    }[limit]


def _blocks_of(call: Mapping[str, Any]) -> int:
    where = call["params"][0]
    return int(where["toBlock"], 16) - int(where["fromBlock"], 16) + 1


def junk_collections(
    *, block: int, block_hash: str, number: int, deposit: str = NOBODY, treasury: str = NOBODY
) -> list[Log]:
    """What our factory tells after a stranger let it collect a token of their own making, so many times in a block."""
    topics = [COLLECTED_TOPIC, *("0x" + each[2:].lower().rjust(64, "0") for each in (treasury, deposit))]
    return [
        {
            "address": FACTORY_ADDRESS.lower(),
            "topics": topics,
            "data": "0x" + JUNK_TOKEN[2:].rjust(64, "0") + f"{each + 1:064x}",
            "blockNumber": hex(block),
            "blockHash": block_hash,
            "transactionHash": "0x" + "77" * 32,
            "transactionIndex": "0x0",
            "logIndex": hex(1000 + each),
            "removed": False,
        }
        for each in range(number)
    ]


def _is_asked_for(log: Log, where: Mapping[str, Any]) -> bool:
    """As a node filters."""
    if not int(where["fromBlock"], 16) <= int(log["blockNumber"], 16) <= int(where["toBlock"], 16):
        return False
    if log["address"] not in [each.lower() for each in where["address"]]:
        return False
    return all(
        wanted is None or has in ([wanted] if isinstance(wanted, str) else wanted)
        for wanted, has in zip(where["topics"], log["topics"], strict=False)
    )
